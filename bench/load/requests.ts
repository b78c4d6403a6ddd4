import { randomUUID } from 'node:crypto';

/** Each request has a new key, or one of a thousand used keys. */
export type Keys = 'unique' | 'repeated';

/** Number of repeated keys. */
export const repeatedKeys = 1000;

const bodyBytes = 200;

/** 200 bytes of JSON, the same for every request, since a key must not be reused for another payload. */
function makeBody(): string {
  const charge = { amount: 2000, currency: 'usd', source: 'tok_amex', description: '' };
  return JSON.stringify({ ...charge, description: 'x'.repeat(bodyBytes - JSON.stringify(charge).length) });
}

const head = [
  'POST /v1/charges HTTP/1.1',
  'host: 127.0.0.1',
  'x-account: acct_1',
  'content-type: application/json',
  `content-length: ${bodyBytes}`,
  'idempotency-key: ',
].join('\r\n');

const tail = `\r\n\r\n${makeBody()}`;

/** Makes requests as text. */
export function requestsWith(keys: Keys): () => string {
  if (keys === 'unique') return () => head + randomUUID() + tail;
  const repeated = Array.from({ length: repeatedKeys }, () => head + randomUUID() + tail);
  let next = 0;
  return () => repeated[next++ % repeated.length] as string;
}
