/**
 * The bodies of requests.
 *
 * @module
 */

import type { ParserKind, Plan } from './plan.ts';

const boundary = 'x-edges';
const part = (name: string, value: string) =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

const bodies: Readonly<Record<ParserKind, { readonly type: string; readonly text: string }>> = {
  json: { type: 'application/json', text: '{"item":"cup","amount":42}' },
  'json, bytes kept': { type: 'application/json', text: '{ "item": "tea", "amount": 7 }' },
  text: { type: 'text/plain', text: 'two cups of tea' },
  raw: { type: 'application/octet-stream', text: 'some bytes in a row' },
  form: { type: 'application/x-www-form-urlencoded', text: 'item=cup&amount=42' },
  multipart: {
    type: `multipart/form-data; boundary=${boundary}`,
    text: `${part('item', 'cup')}${part('amount', '42')}--${boundary}--\r\n`,
  },
};

/** The body for a plan's parser. */
export function bodyOf({ parserKind }: Plan): { readonly type: string; readonly text: string } {
  return bodies[parserKind];
}

/** Another valid body of the same length, so that only the bytes differ. */
export function otherBodyOf(plan: Plan): { readonly type: string; readonly text: string } {
  const { type, text } = bodyOf(plan);
  return { type, text: text.replace('cup', 'mug').replace('tea', 'ale').replace('bytes', 'words') };
}
