/**
 * What a response means for the operation: an answer, a reason to try again, or neither.
 *
 * @module
 */

import { REPLAYED_HEADER, STATUS_HEADER } from '../protocol/headers.ts';
import { type LayerStatus, OWN_ANSWER, parseStatus } from '../protocol/status-header.ts';

/**
 * - `final`: the operation's answer; its key is done with.
 * - `come-back`: an answer for the caller to act on (sign in, wait); the operation isn't decided and keeps its key.
 * - `retry`: no answer yet; ask again with the same key.
 * - the rest: no answer, and asking again now will not bring one.
 */
export type Verdict =
  | 'final'
  | 'come-back'
  | 'retry'
  | 'in-progress'
  | 'key-quarantined'
  | 'key-reused'
  | 'outcome-unknown';

/** True if the response is marked as the stored answer of an earlier request. */
export function isReplayed(response: Response): boolean {
  if (parseStatus(response.headers.get(STATUS_HEADER))?.word === OWN_ANSWER.replayed) return true;
  return response.headers.get(REPLAYED_HEADER)?.trim().toLowerCase() === 'true';
}

// An answer that says "nothing was done, come back" leaves the operation undecided: an earlier attempt, whose answer
// was lost, may have done the work, and a new key would do it twice.
const comeBack = new Set([401, 407, 408, 425, 429, 503]);

function wantsRetry(response: Response, code: string | undefined): boolean {
  const hint = response.headers.get('stripe-should-retry')?.trim().toLowerCase();
  if (hint === 'true' || hint === 'false') return hint === 'true';
  return code === 'in-progress' || response.status === 425 || response.status === 429 || response.status >= 500;
}

/** Classifies a response with what the layer says by it. */
export function weigh(response: Response, said: LayerStatus | undefined): Verdict {
  const code = said?.word;
  if (code === 'key-quarantined' || code === 'key-reused' || code === 'outcome-unknown') return code;
  if (response.status < 400 || isReplayed(response)) return 'final';
  if (wantsRetry(response, code)) return 'retry';
  if (code === 'in-progress') return code;
  return said?.final === false || comeBack.has(response.status) ? 'come-back' : 'final';
}
