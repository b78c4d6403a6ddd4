/**
 * What a response means for the operation: its answer, a reason to ask again, or neither.
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

/** Reads a response whose body is all there; undefined if no layer says anything. */
export async function layerWord(response: Response): Promise<LayerStatus | undefined> {
  const said = parseStatus(response.headers.get(STATUS_HEADER));
  return said ?? wordOfBody(response).catch(() => undefined);
}

/**
 * - `final`: the operation's answer; its key is done with.
 * - `come-back`: an answer for the caller to act on (sign in, wait); the operation isn't decided and keeps its key.
 * - `retry`: no answer yet; ask again with the same key.
 * - `wait`: the first request still runs; ask again soon.
 * - `unrecognised`: perhaps the answer of something between client and server. Ask again.
 * - the rest: no answer, and asking again now will not bring one.
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

/** What decides besides the response itself. */
export interface ClassifyTerms {
  /** True if an earlier request under this key may have been carried out and got no answer. */
  readonly inDoubt: boolean;
  /** The value of the Idempotency-Key header that was sent. */
  readonly sentKey: string;
  /** Statuses that the caller takes for the operation's answer. */
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

/** A browser hides where a redirect leads: its status is 0 then. A `fetch` of the caller's may have followed one. */
function isRedirected(response: Response): boolean {
  return response.type === 'opaqueredirect' || response.redirected;
}

/** Statuses that say nothing about the effect, whoever sends them. */
function isUndecided(status: number): boolean {
  return [401, 407, 408, 425, 429].includes(status) || status >= 500;
}

function wantsRetry(response: Response, code: string | undefined): boolean {
  if (response.status < 400) return false;
  const hint = readFlag(response, 'stripe-should-retry');
  if (hint !== undefined) return hint;
  return code === 'in-progress' || response.status === 425 || response.status === 429 || response.status >= 500;
}

/** The words of a layer that tell what came of the operation. */
const ownWords: ReadonlySet<string> = new Set([
  OWN_ANSWER.executed,
  OWN_ANSWER.replayed,
  'operation-failed',
  'response-not-kept',
]);

/** A word that only another library uses is not a mark. */
function isRecognised(response: Response, said: LayerStatus | undefined, { sentKey }: ClassifyTerms): boolean {
  return (said !== undefined && ownWords.has(said.word)) || isReplayed(response, said) || isEchoed(response, sentKey);
}

/**
 * Whether a layer refused this request before it looked for a record (`key-missing`, `request-too-large`): that says
 * nothing about an earlier request, whose key may have arrived, or whose server may have had another limit.
 */
function isRefusal(said: LayerStatus | undefined): boolean {
  return said?.final === true && isProblemCode(said.word) && !ownWords.has(said.word);
}

function isEchoed(response: Response, sentKey: string): boolean {
  const echoed = response.headers.get(KEY_HEADER)?.trim();
  return echoed === sentKey || `"${echoed}"` === sentKey || echoed === `"${sentKey}"`;
}

/** Classifies a response with what a layer says by it. */
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
 * Whether a response says that its request did nothing, so that it leaves no doubt behind. A 408 or another 5xx may be
 * the word of something that gave up waiting while the handler worked on.
 */
export function saysNothingDone(response: Response, said: LayerStatus | undefined): boolean {
  if (said !== undefined) return nothingDoneCodes.includes(said.word);
  const { status, headers } = response;
  return [401, 407, 425, 429].includes(status) || (status === 503 && headers.has('retry-after'));
}
