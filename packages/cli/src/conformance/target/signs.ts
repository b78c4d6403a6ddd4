/**
 * How an answer is recognized: as a replay, as one of the layer's errors, or as the operation's own.
 *
 * @module
 */

import type { Claims } from '../claims.ts';
import { member, parseJson, valueAt } from '../json.ts';
import type { Answer } from './wire.ts';

/** A code is a word or a URL; more of it is not shown. */
const longestCode = 200;

/** Where the conventions have the code of an error. */
const codePlaces = ['/code', '/error/code', '/error/type', '/messages/0/code', '/type'];

/** The code of an error: that of the header Idempotency-Status, or the first in the body; empty without a code. */
export function codeOf(answer: Answer): string {
  const [status = ''] = (answer.header('idempotency-status') ?? '').split(';');
  if (status !== '' && status !== 'executed' && status !== 'replayed') return status.slice(0, longestCode);
  const json = parseJson(answer.body.toString());
  const code = codePlaces.map((place) => valueAt(json, place)).find((value) => typeof value === 'string');
  return answer.status < 400 ? '' : String(code ?? '').slice(0, longestCode);
}

const saysRunning = /progress|flight|in.use|running/i;
const saysUnknown = /unknown/i;

/** The wait that Retry-After asks for, in milliseconds; undefined if it has neither of the forms of RFC 9110 §10.2.3. */
export function retryAfterMs(answer: Answer, now: number): number | undefined {
  const value = answer.header('retry-after') ?? '';
  if (/^\d+$/.test(value)) return 1_000 * Number(value);
  const date = /^[A-Z][a-z]+,? .* \d/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

export function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** Whether an answer is marked as a replay. */
export function isReplay(answer: Answer, { marker }: Claims): boolean {
  const marked = marker !== undefined && answer.all(marker).some((value) => value.trim().toLowerCase() === 'true');
  return marked || answer.header('idempotency-status') === 'replayed';
}

/** Whether an answer says that the key was used for another payload. */
export function isMismatch(answer: Answer, claims: Claims): boolean {
  if (answer.status !== claims.statuses.keyReused || isReplay(answer, claims)) return false;
  if (claims.profile !== 'stripe') return !saysRunning.test(codeOf(answer));
  const error = member(parseJson(answer.body.toString()), 'error');
  return member(error, 'type') === 'idempotency_error' && !saysRunning.test(String(member(error, 'code')));
}

/** Whether an answer says that the first request is still running. */
export function isInProgress(answer: Answer, claims: Claims): boolean {
  if (answer.status !== claims.statuses.inProgress || isReplay(answer, claims)) return false;
  if (claims.statuses.inProgress === claims.statuses.keyReused) return saysRunning.test(codeOf(answer));
  return !saysUnknown.test(codeOf(answer));
}

/** The status, marker and code of an answer. Its body is not shown, since it may contain personal data. */
export function described(answer: Answer, claims: Claims): string {
  const code = codeOf(answer);
  const parts = [String(answer.status), isReplay(answer, claims) ? 'a replay' : '', code === '' ? '' : `"${code}"`];
  return parts.filter((part) => part !== '').join(', ');
}

/** How two answers differ in status and bytes; undefined if they don't. */
export function difference(first: Answer, second: Answer, claims: Claims): string | undefined {
  if (first.status !== second.status) return `first ${described(first, claims)}, then ${described(second, claims)}`;
  if (first.body.equals(second.body)) return undefined;
  const at = first.body.findIndex((byte, index) => byte !== second.body[index]);
  const place = at === -1 ? first.body.length : at;
  return `${first.status} twice, but of ${first.body.length} and ${second.body.length} bytes that differ from byte ${place} on`;
}
