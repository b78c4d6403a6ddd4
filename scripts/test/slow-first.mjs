// A Vitest sequencer that starts the slowest files first, so that no worker runs one of them alone at the end. In a new
// clone Vitest knows no durations, and begins with the largest files.

import { BaseSequencer } from 'vitest/node';

/** Files that take more than half a minute: they start servers, kill processes, open browsers or run many worlds. */
const slow = new RegExp(
  `/(${[
    '(postgres|mariadb|dynamodb)-adapter',
    '(postgres|mariadb|dynamodb|dispatcher)-processes',
    '(redis|dynamodb)-model',
    'orders/order-crashes',
    'simulation/faults',
    'upgrade',
    'payments/test/(orders|crash)',
    'browser/[a-z-]+',
    'bundles/test/(typescript|frameworks|next|bundlers)',
    'site/test/built-site',
  ].join('|')})\\.test\\.ts$`,
);

export default class SlowFirst extends BaseSequencer {
  /**
   * @override
   * @param {import('vitest/node').TestSpecification[]} files
   */
  async sort(files) {
    const sorted = await super.sort(files);
    const isSlow = /** @param {import('vitest/node').TestSpecification} file */ ({ moduleId }) => slow.test(moduleId);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}
