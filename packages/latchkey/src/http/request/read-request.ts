/**
 * Turns a request with a key into the operation that the engine runs, or into a problem.
 *
 * @module
 */

import type { Operation } from '../../core/operation.ts';
import { principalDigest, recordId } from '../../core/support/digest.ts';
import type { Exchange, RequestBody } from '../exchange.ts';
import { type Problem, problem } from '../problems/problems.ts';
import { type BodyForm, type BodyReading, bodyForm } from './body-form.ts';
import type { Fingerprinter } from './fingerprint.ts';
import { withoutParameters } from './form-members.ts';
import { parseMediaType } from './media-type.ts';
import type { Route } from './route.ts';

/** An operation and the form of its body, or the problem to answer with. */
export type OperationReading =
  | { readonly operation: Operation; readonly form: BodyForm }
  | { readonly problem: Problem };

/** Maximum length of an operation's name, which is stored with every record for display. A longer name is cut. */
export const MAX_NAME_LENGTH = 120;

const bodyProblems = {
  'too-large': 'request-too-large',
  consumed: 'body-consumed',
  broken: 'request-incomplete',
} as const;

const broken: RequestBody = { kind: 'broken' };

/** The parts of an exchange that its operation is read from. */
export type KeyedRequest<Native> = Pick<
  Exchange<Native>,
  'method' | 'target' | 'headers' | 'mayBegin' | 'route' | 'key' | 'principal' | 'peeked'
>;

/** Reads the body. An error of the adapter here is a failed connection. */
export function readBody(
  request: Pick<Exchange<never>, 'body'> & { readonly route: Pick<Route<never>, 'maxRequestBytes'> },
): RequestBody | Promise<RequestBody> {
  try {
    const received = request.body(request.route.maxRequestBytes);
    return received instanceof Promise ? received.catch(() => broken) : received;
  } catch {
    return broken;
  }
}

/** Creates the operation of the request. Waits only to decode a body with a content coding. */
export function readOperation<Native>(
  exchange: KeyedRequest<Native>,
  fingerprintsOf: Fingerprinter,
  received: RequestBody,
): OperationReading | Promise<OperationReading> {
  const { route, peeked } = exchange;
  const type = exchange.headers('content-type')[0] ?? '';
  const contentEncoding = exchange.headers('content-encoding');
  const headers = presentHeaders(exchange, route.meaningfulHeaders);
  const mediaType = parseMediaType(type);
  const isPeeked = 'bytes' in received && received.bytes === peeked?.received.bytes;
  const form = isPeeked ? peeked.form : bodyForm(received, mediaType, contentEncoding, route);
  const content = { mediaType: mediaType.comparable, headers };
  if (!(form instanceof Promise)) return operationOf(exchange, fingerprintsOf, content, form);
  return form.then((made) => operationOf(exchange, fingerprintsOf, content, made));
}

interface Content {
  /** The comparable media type. */
  readonly mediaType: string;
  /** Alternating names and values of the meaningful headers. */
  readonly headers: readonly string[];
}

function operationOf<Native>(
  exchange: KeyedRequest<Native>,
  fingerprintsOf: Fingerprinter,
  { mediaType, headers }: Content,
  form: BodyReading,
): OperationReading {
  if (typeof form === 'string') return { problem: problem(bodyProblems[form]) };
  const { route, key, principal, method } = exchange;
  const { scope } = route.options;
  const target = pathAndQuery(exchange.target);
  const path = pathOf(target);
  const compared = route.ignoredQuery === undefined ? target : withoutParameters(target, route.ignoredQuery);
  const acceptable = fingerprintsOf({ target: compared, mediaType, body: form, headers });
  const operation: Operation = {
    // Methods are not in lower case, so a scope name can't equal a method and a path.
    id: recordId(principal, scope === undefined ? [method, path] : ['scope', scope], key),
    principal: principalDigest(principal),
    name: `${method} ${path}`.slice(0, MAX_NAME_LENGTH),
    fingerprint: acceptable[0] as string,
    acceptable,
    settings: route.settings,
    caller: exchange,
  };
  return { operation, form };
}

const none: readonly string[] = [];

function presentHeaders(exchange: Pick<Exchange<never>, 'headers'>, names: readonly string[]): readonly string[] {
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

/** Returns path and query; a fragment is never part of a request. */
export function pathAndQuery(target: string): string {
  const hash = target.indexOf('#');
  const whole = hash < 0 ? target : target.slice(0, hash);
  return whole.startsWith('/') ? whole : withoutOrigin(whole);
}

/** RFC 9112 §3.2.2: the target may be a whole URL, which frameworks route like its path. */
function withoutOrigin(target: string): string {
  const rest = target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?]*/i, '');
  return rest === '' || rest.startsWith('?') ? `/${rest}` : rest;
}

/** Returns the path of a target, without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}
