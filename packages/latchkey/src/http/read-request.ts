/**
 * From a request with a key to the operation that the engine runs; or to a problem.
 *
 * @module
 */

import { recordId } from '../core/digest.ts';
import type { Operation } from '../core/operation.ts';
import { type BodyReading, bodyForm } from './body-form.ts';
import type { RequestBody, RequestView } from './exchange.ts';
import { readKey } from './key-field.ts';
import { type MediaType, parseMediaType } from './media-type.ts';
import { readPrincipal } from './principal.ts';
import type { Problem } from './problem.ts';
import { problem } from './problems.ts';
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

function presentFields<Native>(view: RequestView<Native>, names: readonly string[]): readonly string[] {
  const present: string[] = [];
  for (const name of names) {
    const lines = view.fields(name);
    // Several lines of a field mean the same as one, joined (RFC 9110 §5.3).
    if (lines.length > 0) present.push(name, lines.join(', '));
  }
  return present;
}

function formOf<Native>(view: RequestView<Native>, body: RequestBody, mediaType: MediaType, route: Route<Native>) {
  const contentEncoding = view.fields('content-encoding');
  return bodyForm(body, { mediaType, contentEncoding, leftOut: route.leftOut, limitBytes: route.maxRequestBytes });
}

function operationOf<Native>(
  view: RequestView<Native>,
  route: Route<Native>,
  scope: { readonly principal: string; readonly key: string },
  content: {
    readonly mediaType: MediaType;
    readonly received: RequestBody;
    readonly body: Exclude<BodyReading, string>;
  },
): Operation {
  const target = pathAndQuery(view.target);
  const path = pathOf(target);
  const { principal } = scope;
  const request = route.saveRequest?.({ view, target, received: content.received, principal });
  return {
    id: recordId(principal, [view.method, path], scope.key),
    principal: route.principalDigest(principal),
    name: `${view.method} ${path}`.slice(0, MAX_NAME_LENGTH),
    ...route.fingerprintsOf({
      target,
      mediaType: content.mediaType.comparable,
      body: content.body,
      fields: presentFields(view, route.meaningfulFields),
    }),
    settings: route.settings,
    ...(request && { request }),
  };
}

/** Key, principal, body, in this order: what is cheap to refuse is refused before anything is read. */
export async function readRequest<Native>(
  view: RequestView<Native>,
  keyLines: readonly string[],
  route: Route<Native>,
): Promise<RequestReading> {
  const reading = readKey(keyLines, route.keyFormat);
  if ('refused' in reading) return { problem: problem('key-invalid', { detail: reading.refused }) };
  const found = readPrincipal(route.principal, view, reading.key);
  const principal = found instanceof Promise ? await found : found;
  if ('problem' in principal) return principal;
  const mediaType = parseMediaType(view.fields('content-type')[0] ?? '');
  // What an adapter throws here is a connection that failed under it.
  const received = await view.body(route.maxRequestBytes).catch((): RequestBody => ({ kind: 'broken' }));
  const form = formOf(view, received, mediaType, route);
  const body = form instanceof Promise ? await form : form;
  if (typeof body === 'string') return { problem: problem(bodyProblems[body]) };
  return {
    key: reading.key,
    operation: operationOf(
      view,
      route,
      { principal: principal.principal, key: reading.key },
      { mediaType, received, body },
    ),
  };
}
