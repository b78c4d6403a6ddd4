/**
 * What a dialect decides: the shape of the layer's errors, and which answers of the application are not kept.
 *
 * @module
 */

import type { PlainResponse } from '../exchange.ts';
import type { Problem } from './problems.ts';

/** A convention of an API. */
export interface Dialect {
  /** Gives a problem its status, headers and body. The headers that every problem has are added after it. */
  shape(problem: Problem): PlainResponse;
  /**
   * Whether an answer of this status says that nothing was done, besides those that say so everywhere. Such an answer
   * releases the record under `rerun`; under `refuse` it is kept.
   */
  saysNothingHappened(status: number): boolean;
}
