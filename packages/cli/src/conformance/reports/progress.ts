import type { Output } from '../../invocation.ts';
import type { Result } from '../grade.ts';

const width = 30;

/** A progress bar on a terminal; nothing elsewhere. */
export function progressOn(output: Output, total: number): { show(result: Result): void; end(): void } {
  if (output.isTTY !== true) return { show: () => undefined, end: () => undefined };
  let done = 0;
  let failed = 0;
  return {
    show({ row, outcome }) {
      done += 1;
      if (outcome === 'failed') failed += 1;
      const filled = Math.round((width * done) / total);
      const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
      output.write(`\r${bar} ${done}/${total}, ${failed} failed, ${row}\u001b[K`);
    },
    end: () => void output.write('\r\u001b[K'),
  };
}
