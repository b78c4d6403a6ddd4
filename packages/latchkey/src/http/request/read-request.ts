/**
 * From a request with a key to the operation that the engine runs; or to a problem.
 *
 * @module
 */

import type { Operation, Recover } from '../../core/operation.ts';
import { recordId } from '../../core/support/digest.ts';
import { chain } from '../../core/support/thenable.ts';
import type { AnyExchange, Exchange, RequestBody } from '../exchange.ts';
import type { RouteOptions } from '../options.ts';
import type { Problem } from '../problems/problems.ts';
import { problem } from '../problems/problems.ts';
import { readAnswer } from '../response/answer.ts';
import { encodeResponse, finalWrite } from '../response/snapshot.ts';
import { type BodyForm, bodyForm } from './body-form.ts';
import { withoutParameters } from './form-members.ts';
import { type MediaType, parseMediaType } from './media-type.ts';
import type { Guard } from './route.ts';

/** Makes the hook of one request. */
export function recoverHook<Native>(
  { native, route }: Exchange<Native>,
  recover: NonNullable<RouteOptions<Native>['recover']>,
): Recover {
  return async (lapsed) => {
    const recovery = await recover(lapsed, native);
    if (recovery.decision !== 'respond') return recovery;
    const { response, ...decided } = recovery;
    const { result } = finalWrite(encodeResponse(await readAnswer(response)), route.maxResponseBytes);
    return { ...decided, result };
  };
}

/** An operation, or the problem to answer with. */
export type OperationReading = { readonly operation: Operation } | { readonly problem: Problem };

/** What makes fingerprints and digests. */
type Digests = Pick<Guard<never, never>, 'fingerprintsOf' | 'principalDigest'>;

/** The longest name of an operation: it is stored with every record, for people. A longer one is cut. */
export const MAX_NAME_LENGTH = 120;

const bodyProblems = {
  'too-large': 'request-too-large',
  consumed: 'body-consumed',
  broken: 'request-incomplete',
} as const;

const none: readonly string[] = [];

/** Path and query; a fragment is never part of a request. */
function pathAndQuery(target: string): string {
  const hash = target.indexOf('#');
  const whole = hash < 0 ? target : target.slice(0, hash);
  return whole.startsWith('/') ? whole : withoutOrigin(whole);
}

/** RFC 9112 §3.2.2: a whole URL may stand where a path does, and frameworks route it as if it were the path. */
function withoutOrigin(target: string): string {
  const rest = target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?]*/i, '');
  return rest === '' || rest.startsWith('?') ? `/${rest}` : rest;
}

/** The path of a target, without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

function presentHeaders(exchange: AnyExchange, names: readonly string[]): readonly string[] {
  let present: string[] | undefined;
  for (const name of names) {
    const lines = exchange.headers(name);
    if (lines.length === 0) continue;
    present ??= [];
    // Several lines of a header mean the same as one, joined (RFC 9110 §5.3).
    present.push(name, lines.join(', '));
  }
  return present ?? none;
}

/** No method is written in small letters, so that a name never stands for a method and a path. */
function scopeOf({ scope }: { readonly scope: string | undefined }, method: string, path: string): readonly string[] {
  return scope === undefined ? [method, path] : ['scope', scope];
}

function operationOf<Native>(
  exchange: Exchange<Native>,
  digests: Digests,
  received: RequestBody,
  mediaType: MediaType,
  body: BodyForm,
): Operation {
  const { route, key, principal, method } = exchange;
  const target = pathAndQuery(exchange.target);
  const path = pathOf(target);
  const headers = presentHeaders(exchange, route.meaningfulHeaders);
  const compared = route.ignoredQuery === undefined ? target : withoutParameters(target, route.ignoredQuery);
  const { fingerprint, acceptable } = digests.fingerprintsOf({
    target: compared,
    mediaType: mediaType.comparable,
    body,
    headers,
  });
  return {
    id: recordId(principal, scopeOf(route.options, method, path), key),
    principal: digests.principalDigest(principal),
    name: `${method} ${path}`.slice(0, MAX_NAME_LENGTH),
    fingerprint,
    acceptable,
    settings: route.settings,
    request: route.saveRequest?.({ exchange, target, received, principal }),
    recover: route.options.recover && recoverHook(exchange, route.options.recover),
    caller: exchange,
  };
}

function readContent<Native>(
  exchange: Exchange<Native>,
  digests: Digests,
  received: RequestBody,
): OperationReading | Promise<OperationReading> {
  const { leftOut, ignoredForm, maxRequestBytes: limitBytes, options } = exchange.route;
  const byBytes = options.fingerprint.body === 'bytes';
  const mediaType = parseMediaType(exchange.headers('content-type')[0] ?? '');
  const contentEncoding = exchange.headers('content-encoding');
  const form = bodyForm(received, { mediaType, contentEncoding, byBytes, leftOut, ignoredForm, limitBytes });
  return chain(form, (body): OperationReading => {
    if (typeof body === 'string') return { problem: problem(bodyProblems[body]) };
    return { operation: operationOf(exchange, digests, received, mediaType, body) };
  });
}

const broken: RequestBody = { kind: 'broken' };

/** What an adapter throws here is a connection that failed under it. */
function receive(exchange: AnyExchange): RequestBody | Promise<RequestBody> {
  try {
    const received = exchange.body(exchange.route.maxRequestBytes);
    return received instanceof Promise ? received.catch(() => broken) : received;
  } catch {
    return broken;
  }
}

/** Reads the body, and makes the operation that the request asks for. Waits for nothing that is there at once. */
export function readOperation<Native>(
  exchange: Exchange<Native>,
  digests: Digests,
): OperationReading | Promise<OperationReading> {
  return chain(receive(exchange), (received) => readContent(exchange, digests, received));
}
