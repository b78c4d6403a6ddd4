/**
 * From a request with a key to the operation that the engine runs; or to a problem.
 *
 * @module
 */

import type { Operation } from '../../core/operation.ts';
import { recordId } from '../../core/support/digest.ts';
import type { RequestBody, RequestView } from '../exchange.ts';
import type { Problem } from '../problems/problem.ts';
import { problem } from '../problems/problems.ts';
import { type BodyForm, type BodyReading, bodyForm } from './body-form.ts';
import { withoutParameters } from './form-members.ts';
import { readKey } from './key-header.ts';
import { type MediaType, parseMediaType } from './media-type.ts';
import { type PrincipalReading, readPrincipal } from './principal.ts';
import type { Route } from './route.ts';

/** An operation, or the problem to answer with. */
export type RequestReading = { readonly operation: Operation; readonly key: string } | { readonly problem: Problem };

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

function presentHeaders<Native>(view: RequestView<Native>, names: readonly string[]): readonly string[] {
  let present: string[] | undefined;
  for (const name of names) {
    const lines = view.headers(name);
    if (lines.length === 0) continue;
    present ??= [];
    // Several lines of a header mean the same as one, joined (RFC 9110 §5.3).
    present.push(name, lines.join(', '));
  }
  return present ?? none;
}

/** What the fingerprint and the saved request are made from. */
interface Content {
  readonly principal: string;
  readonly key: string;
  readonly mediaType: MediaType;
  readonly received: RequestBody;
}

/** No method is written in small letters, so that a name never stands for a method and a path. */
function scopeOf({ scope }: { readonly scope?: string }, method: string, path: string): readonly string[] {
  return scope === undefined ? [method, path] : ['scope', scope];
}

function operationOf<Native>(
  view: RequestView<Native>,
  route: Route<Native>,
  { principal, key, mediaType, received }: Content,
  body: BodyForm,
): Operation {
  const target = pathAndQuery(view.target);
  const path = pathOf(target);
  const headers = presentHeaders(view, route.meaningfulFields);
  const compared = route.ignoredQuery === undefined ? target : withoutParameters(target, route.ignoredQuery);
  const { fingerprint, acceptable } = route.fingerprintsOf({
    target: compared,
    mediaType: mediaType.comparable,
    body,
    headers,
  });
  const operation = {
    id: recordId(principal, scopeOf(route.options, view.method, path), key),
    principal: route.principalDigest(principal),
    name: `${view.method} ${path}`.slice(0, MAX_NAME_LENGTH),
    fingerprint,
    acceptable,
    settings: route.settings,
  };
  const request = route.saveRequest?.({ view, target, received, principal });
  return request === undefined ? operation : { ...operation, request };
}

function readingOf<Native>(
  view: RequestView<Native>,
  route: Route<Native>,
  content: Content,
  body: BodyReading,
): RequestReading {
  if (typeof body === 'string') return { problem: problem(bodyProblems[body]) };
  return { key: content.key, operation: operationOf(view, route, content, body) };
}

function readContent<Native>(
  view: RequestView<Native>,
  route: Route<Native>,
  content: Content,
): RequestReading | Promise<RequestReading> {
  const { mediaType, received } = content;
  const contentEncoding = view.headers('content-encoding');
  const { leftOut, ignoredForm, maxRequestBytes: limitBytes } = route;
  const rules = { mediaType, contentEncoding, leftOut, ignoredForm, limitBytes };
  const form = bodyForm(received, rules);
  if (form instanceof Promise) return form.then((body) => readingOf(view, route, content, body));
  return readingOf(view, route, content, form);
}

const broken: RequestBody = { kind: 'broken' };

/** What an adapter throws here is a connection that failed under it. */
function receive<Native>(view: RequestView<Native>, limitBytes: number): RequestBody | Promise<RequestBody> {
  try {
    const received = view.body(limitBytes);
    return received instanceof Promise ? received.catch(() => broken) : received;
  } catch {
    return broken;
  }
}

function readBody<Native>(
  view: RequestView<Native>,
  route: Route<Native>,
  key: string,
  found: PrincipalReading,
): RequestReading | Promise<RequestReading> {
  if ('problem' in found) return found;
  const { principal } = found;
  const mediaType = parseMediaType(view.headers('content-type')[0] ?? '');
  const received = receive(view, route.maxRequestBytes);
  if (!(received instanceof Promise)) return readContent(view, route, { principal, key, mediaType, received });
  return received.then((body) => readContent(view, route, { principal, key, mediaType, received: body }));
}

/**
 * Key, principal, body, in this order: what is cheap to refuse is refused before anything is read. Waits for nothing
 * that is there at once.
 */
export function readRequest<Native>(
  view: RequestView<Native>,
  keyLines: readonly string[],
  route: Route<Native>,
): RequestReading | Promise<RequestReading> {
  const reading = readKey(keyLines, route.keyFormat);
  if ('refused' in reading) return { problem: problem('key-invalid', { detail: reading.refused }) };
  const { key } = reading;
  const found = readPrincipal(route.principal, view, key);
  if (found instanceof Promise) return found.then((principal) => readBody(view, route, key, principal));
  return readBody(view, route, key, found);
}
