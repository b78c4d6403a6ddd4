/**
 * Classifies a response: the operation's answer, a reason to retry, or neither.
 *
 * @module
 */

import { KEY_HEADER, REPLAYED_HEADER, STATUS_HEADER } from '../protocol/headers.ts';
import { codeOfBody, mayBeProblem } from '../protocol/problem-body.ts';
import { isFinalCode, isProblemCode } from '../protocol/problem-codes.ts';
import { type LayerStatus, OWN_ANSWER, parseStatus } from '../protocol/status-header.ts';

async function wordOfBody(response: Response): Promise<LayerStatus | undefined> {
  const type = response.headers.get('content-type');
  if (response.status < 400 || !mayBeProblem(type)) return undefined;
  const code = codeOfBody(type, await response.clone().json());
  return code && { word: code, final: isFinalCode(code) };
}

/** The layer's status of a response whose body is complete; undefined if it has none. */
export async function layerWord(response: Response): Promise<LayerStatus | undefined> {
  const said = parseStatus(response.headers.get(STATUS_HEADER));
  return said ?? wordOfBody(response).catch(() => undefined);
}

/**
 * - `final`: the operation's answer; its key is no longer needed.
 * - `come-back`: an answer for the caller to act on (sign in, wait); the operation is undecided and keeps its key.
 * - `retry`: no answer yet; retry with the same key.
 * - `wait`: the first request is still running; retry soon.
 * - `unrecognised`: possibly the answer of an intermediary. Retry.
 * - the others: no answer, and a retry now would not bring one.
 */
export type Meaning =
  | 'final'
  | 'come-back'
  | 'retry'
  | 'wait'
  | 'unrecognised'
  | 'in-progress'
  | 'key-quarantined'
  | 'key-reused'
  | 'outcome-unknown';

/** What the classification depends on besides the response. */
export interface ClassifyTerms {
  /** True if an earlier request under this key may have been carried out and got no answer. */
  readonly inDoubt: boolean;
  /** The value of the Idempotency-Key header that was sent. */
  readonly sentKey: string;
  /** Statuses that the caller accepts as the operation's answer. */
  readonly finalStatuses: readonly number[];
}

/** True if the response is marked as the stored answer of an earlier request. */
export function isReplayed(response: Response, said: LayerStatus | undefined): boolean {
  return said?.word === OWN_ANSWER.replayed || readFlag(response, REPLAYED_HEADER) === true;
}

function readFlag(response: Response, name: string): boolean | undefined {
  const value = response.headers.get(name)?.trim().toLowerCase();
  return value === 'true' || value === 'false' ? value === 'true' : undefined;
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** A browser hides the target of a redirect, and its status is 0. The caller's own `fetch` may have followed one. */
function isRedirected(response: Response): boolean {
  return response.type === 'opaqueredirect' || response.redirected;
}

/** Statuses that say nothing about the effect, whichever server sends them. */
function isUndecided(status: number): boolean {
  return [401, 407, 408, 425, 429].includes(status) || status >= 500;
}

function wantsRetry(response: Response, code: string | undefined): boolean {
  if (response.status < 400) return false;
  const hint = readFlag(response, 'stripe-should-retry');
  if (hint !== undefined) return hint;
  return code === 'in-progress' || response.status === 425 || response.status === 429 || response.status >= 500;
}

/** Values of the status header that report the operation's outcome. */
const ownWords: ReadonlySet<string> = new Set([
  OWN_ANSWER.executed,
  OWN_ANSWER.replayed,
  'operation-failed',
  'response-not-kept',
]);

/** A status that only another library uses does not count. */
function isRecognised(response: Response, said: LayerStatus | undefined, { sentKey }: ClassifyTerms): boolean {
  return (said !== undefined && ownWords.has(said.word)) || isReplayed(response, said) || isEchoed(response, sentKey);
}

/**
 * Whether the layer refused this request before it looked up a record (`key-missing`, `request-too-large`). This does
 * not decide about an earlier request: its key may have arrived, or its server may have had another limit.
 */
function isRefusal(said: LayerStatus | undefined): boolean {
  return said?.final === true && isProblemCode(said.word) && !ownWords.has(said.word);
}

function isEchoed(response: Response, sentKey: string): boolean {
  const echoed = response.headers.get(KEY_HEADER)?.trim();
  return echoed === sentKey || `"${echoed}"` === sentKey || echoed === `"${sentKey}"`;
}

/** Classifies a response and the layer's status in it. */
export function classify(response: Response, said: LayerStatus | undefined, terms: ClassifyTerms): Meaning {
  const { status } = response;
  const code = said?.word;
  if (code === 'key-quarantined' || code === 'key-reused' || code === 'outcome-unknown') return code;
  if (terms.inDoubt && isRefusal(said)) return 'come-back';
  const undecided = said?.final === false;
  if (isRedirected(response)) return terms.inDoubt ? 'unrecognised' : 'come-back';
  if (!undecided && terms.finalStatuses.includes(status)) return 'final';
  if (!undecided && isUndecided(status) && isReplayed(response, said)) return 'come-back';
  if (wantsRetry(response, code)) return code === 'in-progress' ? 'wait' : 'retry';
  if (code === 'in-progress') return code;
  if (undecided || isUndecided(status)) return 'come-back';
  if (isRecognised(response, said, terms)) return 'final';
  if (terms.inDoubt) return 'unrecognised';
  return redirects.has(status) ? 'come-back' : 'final';
}

const nothingDoneCodes: readonly string[] = ['key-reused', 'nothing-happened', 'request-incomplete', 'shutting-down'];

/**
 * Whether a response proves that its request did nothing. A 408 or another 5xx proves nothing: it may come from an
 * intermediary that stopped waiting while the handler continued.
 */
export function saysNothingDone(response: Response, said: LayerStatus | undefined): boolean {
  if (said !== undefined) return nothingDoneCodes.includes(said.word);
  const { status, headers } = response;
  return [401, 407, 425, 429].includes(status) || (status === 503 && headers.has('retry-after'));
}
