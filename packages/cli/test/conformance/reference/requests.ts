/** What the reference server reads from a request: its key and its fingerprint. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ReferenceOptions } from './faults.ts';

export interface Incoming {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly body: Buffer;
}

/** The key; undefined without the header, and null if it is not valid. */
export function keyOf({ rawHeaders }: IncomingMessage, options: ReferenceOptions): string | null | undefined {
  const { fault, keyFormat = 'lenient' } = options;
  const lines = rawHeaders.filter((_, index) => {
    const name = index % 2 === 1 ? (rawHeaders[index - 1] ?? '') : '';
    return fault === 'header-in-one-case' ? name === 'Idempotency-Key' : name.toLowerCase() === 'idempotency-key';
  });
  const [line] = lines;
  if (line === undefined) return undefined;
  if (lines.length > 1 && fault !== 'first-of-two-keys') return null;
  if (fault === 'first-of-two-keys' && line.includes(',')) return line.split(',')[0];
  const value = line.trim();
  if (value.replaceAll(/["\s]/g, '') === '') return fault === 'empty-key-runs' ? undefined : null;
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(value)?.[1]?.replaceAll(/\\(.)/g, '$1');
  const isBare = quoted === undefined && /^[!#-+\--:<-~]+$/.test(value);
  if (quoted !== undefined && fault === 'refuses-quotes') return null;
  if (quoted === undefined && keyFormat === 'strict' && fault !== 'strict-takes-bare') return refusedKey(value, fault);
  const key = fault === 'quotes-belong-to-key' ? value : (quoted ?? (isBare ? value : undefined));
  if (key === undefined || !/^[\x20-\x7e]+$/.test(key)) return refusedKey(value, fault);
  if (key.length > 255 && fault !== 'no-length-limit') return null;
  if (fault === 'lower-case-keys') return key.toLowerCase();
  return fault === 'strips-characters' ? key.replaceAll(/[^\w-]/g, '') : key;
}

function refusedKey(value: string, fault: ReferenceOptions['fault']): string | null {
  return fault === 'takes-malformed-keys' ? value : null;
}

/** JSON with sorted members and numbers as they were written; undefined if a name is repeated. */
function canonical(text: string, fault: ReferenceOptions['fault']): string | undefined {
  let members = 0;
  const revive = (_: string, value: unknown, context?: { readonly source?: string }): unknown => {
    if (typeof value === 'number') return fault === 'parses-json' ? value : { number: context?.source };
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
    members += entries.length;
    const kept = fault === 'compares-volatile-members' ? entries : entries.filter(([name]) => name !== 'sentAt');
    return Object.fromEntries(kept);
  };
  const json = JSON.stringify(JSON.parse(text, revive as (name: string, value: unknown) => unknown));
  const names = [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length;
  return names === members || fault === 'parses-json' ? json : undefined;
}

/** A text that is the same for the same payload. */
export function fingerprintOf({ request, url, body }: Incoming, { fault }: ReferenceOptions): string {
  if (fault === 'ignores-payload') return '';
  const query = fault === 'ignores-query' ? '' : url.search;
  const condition = fault === 'ignores-if-match' ? '' : (request.headers['if-match'] ?? '');
  const type = request.headers['content-type'] ?? '';
  const boundary = /^multipart\/.*boundary=(.*)$/.exec(type)?.[1];
  let text = body.toString('latin1');
  if (boundary !== undefined && fault !== 'compares-boundary') text = text.replaceAll(boundary, '');
  if (type.includes('json') && text !== '' && fault !== 'compares-bytes') text = canonical(text, fault) ?? text;
  return JSON.stringify([query, condition, text]);
}
