/**
 * A dialect defines the form of the layer's errors, and which answers of the application are not kept.
 *
 * @module
 */

import type { PlainResponse } from '../exchange.ts';
import type { Problem } from './problems.ts';

/** A convention of an API. */
export interface Dialect {
  /** Returns the status, headers and body for a problem. The headers that every problem has are added afterwards. */
  shape(problem: Problem): PlainResponse;
  /**
   * Whether an answer with this status means that nothing was done, in addition to the statuses that mean so in every
   * dialect. Such an answer releases the record under `rerun`; under `refuse` it is kept.
   */
  saysNothingHappened(status: number): boolean;
}
