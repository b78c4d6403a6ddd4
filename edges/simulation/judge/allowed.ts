/**
 * The allowed differences between a guarded application and the bare one, with reasons.
 *
 * @module
 */

import { summary } from '../client/answer.ts';
import type { Story } from '../world/plan.ts';
import type { Case, Difference } from './difference.ts';

/** One difference that a promise implies. */
export interface Allowed {
  readonly name: string;
  /** The cause. */
  readonly cause: string;
  /** The promise that implies it. */
  readonly promise: string;
  /** As narrow as possible. */
  covers(difference: Difference, found: Case): boolean;
}

const isReplay = ({ rule }: Difference) => rule === 'a replay equals the first answer';
const isFirst = ({ rule }: Difference) => rule === 'the first answer equals the bare one';
const isView = ({ rule }: Difference) => rule === 'the handler sees what it sees without the guard';
const says = ({ part, found }: Difference, code: string) => part === 'status' && found.includes(`[${code}`);
const isHeader = ({ part }: Difference, ...names: readonly string[]) => names.some((name) => part === `header ${name}`);
const stories = (...names: readonly Story[]): ReadonlySet<Story> => new Set(names);

const ofConnection = ['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'trailer'];
const ofCaller = ['retry-after', 'x-request-id'];
const cutsBody = stories('leaves in the middle of its body', 'ends its side in the middle of its body');
const leavesUnanswered = stories(
  'leaves during the claim',
  'leaves while it waits',
  'leaves while the answer is stored',
  'leaves after the head of the answer',
);
const leavesWorking = stories(
  'leaves during the claim',
  'leaves while the handler works',
  'ends its side while the handler works',
);
const computes = ({ plan: { before, behind } }: Case, word: string) =>
  [...before, ...behind].some((name) => name.includes(word));
/** They stop when the client disconnects, as without a guard; Fastify then destroys every stream. */
const stops = (found: Case) => {
  const { framework, handler, behind } = found.plan;
  // Since 1.8.2, compression destroys its stream when the response closes.
  if (framework !== 'fastify') return /^(?:pipeline|sendFile|download)/.test(handler) || behind.includes('compression');
  return /stream|file|upstream|Response/.test(handler) || computes(found, 'compress');
};

const codes = (found: Case) => computes(found, 'compress') || found.plan.handler === 'a gzip upstream';
/**
 * Fastify's headers and hooks do not affect a raw response, nor does Hono's `c.header()` affect the handler's own
 * Response.
 */
const goesPast = ({ plan: { framework, handler } }: Case) =>
  framework === 'hono' ? !handler.startsWith('c.') : framework === 'fastify' && /^(?:take the|finish)/.test(handler);
/** They remove X-Powered-By. */
const hides = /^(?:helmet|hono\/secure-headers)$/;

export const allowed: readonly Allowed[] = [
  {
    name: 'framing, trailers and connection headers are new for each answer',
    cause: 'A record holds a status, end-to-end headers and bytes; an answer that is held whole has a length.',
    promise: 'I2 (the kept headers and the bytes); RFC 9110 §7.6.1',
    covers: (difference) =>
      isReplay(difference)
        ? isHeader(difference, ...ofConnection) || ['informational', 'trailers'].includes(difference.part)
        : isFirst(difference) &&
          isHeader(difference, 'transfer-encoding', 'content-length') &&
          [difference.expected, difference.found].includes('undefined'),
  },
  {
    name: 'headers of one caller, origin or trace are not replayed',
    cause: 'Cookies, challenges, rate limits, request ids, CORS and CSP headers set after the guard are not kept.',
    promise: 'R51, R75',
    covers: (difference) =>
      isReplay(difference) &&
      (isHeader(difference, 'set-cookie', 'content-security-policy') ||
        (difference.found === 'undefined' &&
          (isHeader(difference, ...ofCaller) || difference.part.startsWith('header access-control-')))),
  },
  {
    name: 'a replay is not cached',
    cause: 'Cache-Control: no-store is added unless the application set its own.',
    promise: 'R64',
    covers: (difference) =>
      isReplay(difference) &&
      isHeader(difference, 'cache-control') &&
      difference.expected === 'undefined' &&
      difference.found === 'no-store',
  },
  {
    name: 'headers that middleware computes from the bytes are computed for each answer',
    cause: 'The stored bytes are those before a content coding, and the retry may accept another one.',
    promise: 'R80',
    covers: (difference, found) =>
      (isReplay(difference) || isFirst(difference)) &&
      ((isHeader(difference, 'content-encoding', 'vary') && codes(found)) ||
        (isHeader(difference, 'etag') && computes(found, 'etag'))),
  },
  {
    name: 'a replay only passes the middleware before the guard',
    cause: 'The first answer bypassed headers and hooks, or a header was removed after the guard.',
    promise: 'docs: headers set before the guard are those of the current request',
    covers: (difference, found) =>
      isReplay(difference) &&
      difference.part.startsWith('header ') &&
      difference.expected === 'undefined' &&
      (goesPast(found) || (isHeader(difference, 'x-powered-by') && found.plan.behind.some((name) => hides.test(name)))),
  },
  {
    name: 'an aborted body runs nothing',
    cause: 'The guard needs the complete body before it claims the key.',
    promise: 'I5: another payload never gets this answer',
    covers: (difference, { plan, guarded }) =>
      cutsBody.has(plan.story) &&
      ((isView(difference) && difference.part === 'runs' && difference.found === 'false') ||
        (isFirst(difference) && (guarded.first.status === 400 || guarded.first.status === 0))),
  },
  {
    name: 'the handler notices a client that disconnects before the answer is sent',
    cause: 'The claim and storing take time; without the guard the answer would already be sent.',
    promise: 'I3, R90',
    covers: (difference, { plan }) =>
      leavesUnanswered.has(plan.story) &&
      isView(difference) &&
      (['view aborted', 'events'].includes(difference.part) ||
        difference.found.includes('failed') ||
        (difference.part === 'runs' && difference.found === 'false')),
  },
  {
    name: 'an answer that is missing, broken, or stopped with its client is not replayed',
    cause: 'An unwritten answer is not stored, and a failure that may come from the closed connection is not kept.',
    promise: 'I6, R57, R86',
    covers(difference, found) {
      const { plan, reference } = found;
      const isSilent = reference.first.status === 0;
      if (difference.part === 'status' && plan.handler === 'a stream that breaks') return true;
      if (!isReplay(difference)) return false;
      if (says(difference, 'outcome-unknown')) return isSilent && plan.afterFailure === 'refuse';
      const isFailure = reference.first.status >= 500 && leavesWorking.has(plan.story);
      return says(difference, 'response-not-kept') && (isSilent || isFailure || stops(found));
    },
  },
  {
    name: 'an unhandled error is answered',
    cause: 'The guards for node:http and fetch see errors of the handler.',
    promise: 'docstrings of wrap() and of the fetch guard: it becomes a 500 of the layer',
    covers: (difference, { plan, guarded }) =>
      (plan.framework === 'node:http' || plan.framework === 'fetch') &&
      /^(?:throw|reject) before/.test(plan.handler) &&
      (says(difference, 'operation-failed') || difference.part === 'events' || guarded.retries[0]?.status === 500),
  },
  {
    name: 'multipart that was parsed before the guard is refused as body-consumed',
    cause: 'Its parser kept nothing by which another payload could be detected.',
    promise: 'R84',
    covers: (difference, { plan, guarded }) =>
      plan.parser === 'before' &&
      plan.parserKind === 'multipart' &&
      (says(difference, 'body-consumed') ||
        difference.part === 'runs' ||
        summary(guarded.retries[0] ?? guarded.first).includes('[body-consumed')),
  },
  {
    name: 'finish answers with its own headers',
    cause: 'Its answer is committed before the response is touched, and bypasses the middleware after the guard.',
    promise: 'docstring of the guards: finish writes the answer itself',
    covers: (difference, { plan }) =>
      plan.handler === 'finish' &&
      (isFirst(difference) || isReplay(difference)) &&
      difference.part.startsWith('header ') &&
      (difference.found === 'undefined' || isHeader(difference, 'content-length')) &&
      plan.behind.length > 0,
  },
];
