/** A progress bar on a terminal; nothing otherwise. */

const width = 30;

/** Draws the progress of a run. */
export class Progress {
  readonly #total: number;
  readonly #stream: NodeJS.WriteStream;
  #drawn = '';

  constructor(total: number, stream: NodeJS.WriteStream) {
    this.#total = total;
    this.#stream = stream;
  }

  show(done: number, note: string): void {
    if (!this.#stream.isTTY) return;
    const filled = Math.round((width * done) / this.#total);
    const line = `[${'='.repeat(filled)}${' '.repeat(width - filled)}] ${done}/${this.#total} ${note}`;
    if (line !== this.#drawn) this.#stream.write(`\r${line}\u001b[K`);
    this.#drawn = line;
  }

  end(): void {
    if (this.#drawn !== '') this.#stream.write('\r\u001b[K');
  }
}
