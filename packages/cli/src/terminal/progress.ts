import type { Output } from '../invocation.ts';

const barWidth = 30;
const counting = new Intl.NumberFormat('en');

/** A line on a terminal that shows how far long work is. On other streams it writes nothing. */
export class Progress {
  readonly #stream: Output;
  readonly #label: string;
  #shown = '';

  constructor(stream: Output, label: string) {
    this.#stream = stream;
    this.#label = label;
  }

  /** Shows the label alone. */
  begin(): void {
    this.#show(this.#label);
  }

  /** Shows a bar, or only the count if the total is not known. */
  update(done: number, total?: number): void {
    const text = total === undefined ? counting.format(done) : barOf(done, total);
    this.#show(`${this.#label} ${text}`);
  }

  /** Removes the line. */
  end(): void {
    this.#show('');
  }

  #show(line: string): void {
    if (this.#stream.isTTY !== true || line === this.#shown) return;
    this.#stream.write(`\r\u001b[K${line}`);
    this.#shown = line;
  }
}

function barOf(done: number, total: number): string {
  const share = total === 0 ? 1 : Math.min(done / total, 1);
  const filled = Math.round(share * barWidth);
  return `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}] ${counting.format(done)}/${counting.format(total)}`;
}
