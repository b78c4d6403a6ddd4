/**
 * Gathers the bytes of a response up to a limit.
 *
 * @module
 */

const empty = new Uint8Array(0);

/** Collects chunks; past the limit it lets all of them go, so that memory stays bounded. */
export class ByteGatherer {
  /** True if more than the limit was added. */
  tooLarge = false;
  /** How many bytes were added, those that were let go included. */
  size = 0;
  readonly #limit: number;
  #chunks: Uint8Array[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a chunk. It is not copied. */
  add(chunk: Uint8Array): void {
    this.size += chunk.length;
    if (this.size > this.#limit) {
      this.tooLarge = true;
      this.#chunks = [];
    } else if (chunk.length > 0) {
      this.#chunks.push(chunk);
    }
  }

  /** Everything that was added, or nothing if it was too much. */
  whole(): Uint8Array {
    const [first, ...more] = this.#chunks;
    if (first === undefined) return empty;
    return more.length === 0 ? first : joinChunks(this.#chunks, this.size);
  }
}

/** Copies chunks into one. */
function joinChunks(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const joined = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}
