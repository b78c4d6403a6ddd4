/**
 * Gathers bytes up to a limit.
 *
 * @module
 */

const empty = new Uint8Array(0);

/** Collects chunks. Past the limit it drops all of them, so memory stays bounded. */
export class ByteGatherer {
  /** True if more bytes than the limit were added. */
  tooLarge = false;
  /** The number of bytes added, including dropped ones. */
  size = 0;
  readonly #limit: number;
  #first: Uint8Array | undefined;
  /** All chunks, once there is more than one: most bodies come in one chunk. */
  #chunks: Uint8Array[] | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a chunk. It is not copied. */
  add(chunk: Uint8Array): void {
    this.size += chunk.length;
    if (this.size > this.#limit) this.#letGo();
    else if (this.#first === undefined) this.#first = chunk;
    else if (this.#chunks === undefined) this.#chunks = [this.#first, chunk];
    else this.#chunks.push(chunk);
  }

  /** Returns all added bytes, or nothing past the limit. */
  whole(): Uint8Array {
    return this.#chunks === undefined ? (this.#first ?? empty) : joinChunks(this.#chunks, this.size);
  }

  #letGo(): void {
    this.tooLarge = true;
    this.#first = undefined;
    this.#chunks = undefined;
  }
}

/** Concatenates chunks. */
function joinChunks(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const joined = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}
