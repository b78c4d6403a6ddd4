/**
 * Removes what the headers and queries of requests contain from every text of a report: they may be credentials, which
 * a target may send back.
 *
 * @module
 */

import type { Call, Header } from './template.ts';

/** Removes secrets from a text. */
export type Redact = (text: string) => string;

const harmless = /^(accept|accept-.*|content-type|content-encoding|prefer|user-agent)$/i;
const credentials =
  /account|api|auth|client|cookie|credential|key|pass|secret|session|signature|tenant|token|user(?!-agent)/i;

/** A shorter value, such as "1", is in many texts by chance. */
function shortestSecret(name: string): number {
  return credentials.test(name) ? 4 : 8;
}

/** The value, its parts after a scheme, and what Basic credentials encode. */
function partsOf([, value]: Header): readonly string[] {
  const words = value.split(/[\s,;=]+/);
  const decoded = words.map((word) => Buffer.from(word, 'base64').toString());
  return [
    value,
    ...words,
    ...decoded.filter((text) => /^[\x20-\x7e]+$/.test(text)).flatMap((text) => [text, ...text.split(':')]),
  ];
}

/** The values of a query, decoded and as they are sent. */
function queryOf({ searchParams }: URL): readonly Header[] {
  const values = [...searchParams];
  return [...values, ...values.map(([name, value]) => [name, encodeURIComponent(value)] as const)];
}

function secretsIn(calls: readonly Call[]): readonly string[] {
  const headers = calls
    .flatMap((call) => [...call.headers, ...queryOf(call.url)])
    .filter(([name]) => !harmless.test(name));
  const parts = new Set(
    headers.flatMap((header) => partsOf(header).filter((part) => part.length >= shortestSecret(header[0]))),
  );
  // A longer secret may contain a shorter one.
  return [...parts].toSorted((one, other) => other.length - one.length);
}

/** Removes the values in the headers and queries of requests from texts. */
export function redactionFor(calls: readonly Call[]): Redact {
  const secrets = secretsIn(calls);
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text);
}

/** A URL for reports: the values of its query may be credentials, too. */
export function shownUrl({ origin, pathname, searchParams }: URL): string {
  const names = [...searchParams.keys()].map((name) => `${name}=…`);
  return `${origin}${pathname}${names.length === 0 ? '' : `?${names.join('&')}`}`;
}
