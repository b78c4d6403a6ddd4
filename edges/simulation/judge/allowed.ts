/**
 * In what a guarded application may differ from the bare one, and why.
 *
 * @module
 */

import type { Case, Difference } from './difference.ts';

/** One difference that follows from a promise. */
export interface Allowed {
  readonly name: string;
  /** What makes the difference. */
  readonly cause: string;
  /** The promise that it follows from. */
  readonly promise: string;
  /** As narrow as the cause. */
  covers(difference: Difference, found: Case): boolean;
}

const isReplay = ({ rule }: Difference) => rule === 'a replay equals the first answer';
const isFirst = ({ rule }: Difference) => rule === 'the first answer equals the bare one';
const isView = ({ rule }: Difference) => rule === 'the handler sees what it sees without the guard';
const says = ({ part, found }: Difference, code: string) => part === 'status' && found.includes(`[${code}`);
const headers = (...names: readonly string[]): ReadonlySet<string> => new Set(names.map((name) => `header ${name}`));

const ofConnection = headers('connection', 'keep-alive', 'transfer-encoding', 'content-length', 'trailer');
const ofCaller = headers('set-cookie', 'content-security-policy', 'retry-after');
const ofCoding = headers('content-encoding', 'vary', 'etag');
const cutBody: ReadonlySet<string> = new Set([
  'leaves in the middle of its body',
  'ends its side in the middle of its body',
]);
const leftEarly: ReadonlySet<string> = new Set(['leaves during the claim', 'leaves while it waits']);
/** They stop as soon as the client has gone, as they do without a guard. */
const stopsForLeaver = /^(?:pipeline|sendFile|download)/;
const left = ({ guarded }: Case) => !guarded.first.complete;

export const allowed: readonly Allowed[] = [
  {
    name: 'what belongs to one connection is made again for a replay',
    cause: 'Framing and hop-by-hop headers are not kept: the retry may come over another protocol.',
    promise: 'RFC 9110 §7.6.1; I2 promises the kept headers and the bytes',
    covers: (difference) => isReplay(difference) && ofConnection.has(difference.part),
  },
  {
    name: 'what belongs to one caller or origin is not replayed',
    cause: 'Cookies, challenges, rate limits, CORS and CSP headers that were set behind the guard are not kept.',
    promise: 'R51, R75',
    covers: (difference, { plan }) =>
      isReplay(difference) &&
      difference.found === 'undefined' &&
      (ofCaller.has(difference.part) || difference.part.startsWith('header access-control-')) &&
      (plan.behind.length > 0 || difference.part === 'header set-cookie'),
  },
  {
    name: 'a replay is not cached',
    cause: 'Cache-Control: no-store is added unless the application set its own.',
    promise: 'R64',
    covers: (difference) =>
      isReplay(difference) &&
      difference.part === 'header cache-control' &&
      difference.expected === 'undefined' &&
      difference.found === 'no-store',
  },
  {
    name: 'a replay has the coding that its own request accepts',
    cause: 'The bytes kept are those before a content coding that compression behind the guard adds.',
    promise: 'R80',
    covers: (difference, { plan }) =>
      isReplay(difference) &&
      ofCoding.has(difference.part) &&
      (plan.first.acceptsGzip || plan.retry.acceptsGzip) &&
      [...plan.before, ...plan.behind].some((name) => name.startsWith('compress')),
  },
  {
    name: 'informational answers and trailers are not replayed',
    cause: 'A record holds one status, its headers and its body.',
    promise: 'I2',
    covers: (difference) =>
      isReplay(difference) &&
      (difference.part === 'informational' || difference.part === 'trailers') &&
      difference.found === '',
  },
  {
    name: 'a body that broke off runs nothing',
    cause: 'The guard needs the whole body before it claims the key.',
    promise: 'I5: another payload never gets this answer',
    covers: (difference, { plan, guarded }) =>
      cutBody.has(plan.story) &&
      ((isView(difference) && difference.part === 'runs' && difference.found === 'false') ||
        (isFirst(difference) && (says(difference, 'request-incomplete') || guarded.first.status === 0))),
  },
  {
    name: 'who left before the handler began is noticed by it, or it does not run',
    cause: 'Without a guard the handler begins before its client can leave.',
    promise: 'R90',
    covers: (difference, { plan }) =>
      leftEarly.has(plan.story) && isView(difference) && ['view aborted', 'events'].includes(difference.part),
  },
  {
    name: 'the outcome of a handler that never answered is unknown',
    cause: 'The lease is over and nobody knows what was done.',
    promise: 'I6',
    covers: (difference, { reference, plan }) =>
      isReplay(difference) &&
      says(difference, 'outcome-unknown') &&
      plan.afterFailure === 'refuse' &&
      reference.first.status === 0,
  },
  {
    name: 'an answer that stopped with its client was not kept',
    cause: 'What was not written can not be stored, and nothing runs again.',
    promise: 'R57, R86',
    covers: (difference, found) =>
      isReplay(difference) &&
      says(difference, 'response-not-kept') &&
      left(found) &&
      stopsForLeaver.test(found.plan.handler),
  },
  {
    name: 'a throw that would end the process is answered',
    cause: 'The guard for node:http sees what the handler throws.',
    promise: 'docstring of wrap(): it becomes a 500 of the layer',
    covers: (difference, { plan }) =>
      plan.framework === 'node:http' &&
      /^(?:throw|reject) before/.test(plan.handler) &&
      says(difference, 'operation-failed'),
  },
  {
    name: 'multipart that was parsed before the guard is refused by name',
    cause: 'Its parser kept nothing by which another payload could be told apart.',
    promise: 'R84',
    covers: (difference, { plan }) =>
      plan.parser === 'before' &&
      plan.parserKind === 'multipart' &&
      (says(difference, 'body-consumed') || (isView(difference) && difference.part === 'runs')),
  },
];
