import type { SeededRandom } from '../support/random.ts';

/** A request body with the fields that describe it. */
export interface Body {
  readonly fields: readonly string[];
  readonly bytes: Buffer;
}

/** The parameters of a charge. */
export interface Payload {
  readonly amount: number;
  readonly description: string;
  readonly isJson: boolean;
}

/** A body that makes a charge. JSON has its members in any order, with any white space. */
export function goodBody({ amount, description, isJson }: Payload, random: SeededRandom): Body {
  const entries = [
    ['amount', isJson ? amount : String(amount)],
    ['currency', 'usd'],
    ['source', 'tok_visa'],
    ['description', description],
  ] as const;
  if (!isJson) return formBody(new URLSearchParams(entries.map(([name, value]) => [name, String(value)])).toString());
  const members = Object.fromEntries(random.chance(0.5) ? entries : entries.toReversed());
  return jsonBody(JSON.stringify(members, undefined, random.integer(0, 3)));
}

/** A body that can't make a charge. */
export function badBody(description: string, random: SeededRandom): Body {
  const bodies = [
    () => formBody(''),
    () => formBody(`amount=0&currency=usd&source=tok_visa&description=${description}`),
    () => formBody(`amount=1e3&currency=usd&source=tok_visa&description=${description}`),
    () => formBody(`amount=5&currency=dollars&source=tok_visa&description=${description}`),
    () => formBody(`amount=5&amount=6&currency=usd&source=tok_visa&description=${description}`),
    () => formBody(`amount=5&currency=usd&source=4242424242424242&description=${description}`),
    () => formBody(`__proto__[amount]=5&constructor=1&description=${description}`),
    () => formBody('a=1&'.repeat(random.integer(101, 3_000))),
    () => formBody(`amount=5&currency=usd&source=tok_visa&description=${'d'.repeat(random.integer(501, 60_000))}`),
    () => formBody(random.bytes(random.integer(1, 400)).toString('latin1')),
    () => formBody('x'.repeat(random.integer(64 * 1024 + 1, 120_000))),
    () => jsonBody('{"amount":5,"currency":"usd",'),
    () => jsonBody(`{"amount":5,"amount":-1,"currency":"usd","source":"tok_visa","description":"${description}"}`),
    () => jsonBody('[1,2,3]'),
    () => jsonBody('null'),
    () => jsonBody('"text"'),
    () => jsonBody(`{"amount":1e400,"currency":"usd","source":"tok_visa","description":"${description}"}`),
    () => jsonBody(`${'['.repeat(5_000)}${']'.repeat(5_000)}`),
    () => ({ ...jsonBody('{"amount":5}'), fields: ['Content-Type: application/json; charset=klingon'] }),
    () => ({ ...jsonBody('{"amount":5}'), fields: ['Content-Type: application/json', 'Content-Encoding: gzip'] }),
    () => ({ ...jsonBody('{"amount":5}'), fields: ['Content-Type: application/json', 'Content-Encoding: sl0w'] }),
    () => ({ ...jsonBody('{"amount":5}'), fields: ['Content-Type: text/plain'] }),
    () => ({ ...jsonBody('{"amount":5}'), fields: ['Content-Type: multipart/form-data; boundary='] }),
    () => ({ ...jsonBody('--b\r\n\r\n\r\n--b--'), fields: ['Content-Type: multipart/form-data; boundary=b'] }),
    () => ({ fields: [], bytes: random.bytes(random.integer(0, 200)) }),
  ];
  return random.pick(bodies)();
}

function formBody(text: string): Body {
  return { fields: ['Content-Type: application/x-www-form-urlencoded'], bytes: Buffer.from(text, 'latin1') };
}

function jsonBody(text: string): Body {
  return { fields: ['Content-Type: application/json'], bytes: Buffer.from(text) };
}
