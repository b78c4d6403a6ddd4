/**
 * Bodies derived from the template's: the same payload in other bytes, and other payloads that look alike.
 *
 * @module
 */

import { edited, findPath, type Path, parseJson } from './json.ts';
import { NotSeen } from './row.ts';
import { type Call, headerOf } from './template.ts';

/** Two bodies for one key. */
export type Pair = readonly [first: Buffer, second: Buffer];

function typeOf(call: Call): string {
  return (headerOf(call, 'content-type') ?? '').toLowerCase();
}

/** The JSON of a request; undefined if its body is not JSON. */
function jsonOf(call: Call): unknown {
  if (call.body === undefined || !/\bjson\b/.test(typeOf(call))) return undefined;
  return parseJson(call.body.toString());
}

/**
 * The JSON of a request, for another text of the same payload.
 *
 * @throws NotSeen if `JSON.stringify` would change a number
 */
function exactJsonOf(call: Call): unknown {
  const json = jsonOf(call);
  const outsideStrings = json === undefined ? '' : String(call.body).replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  const numbers = outsideStrings.match(/-?\d[\d.eE+-]*/g) ?? [];
  const changes = numbers.find((digits) => String(Number(digits)) !== digits);
  if (changes !== undefined) throw new NotSeen('the tester would change a number of the body, as 1.0 to 1');
  return json;
}

function encode(json: unknown): Buffer {
  return Buffer.from(JSON.stringify(json));
}

const isNumber = (value: unknown): value is number => typeof value === 'number';
const isText = (value: unknown): value is string => typeof value === 'string';

/** Another value of the same type. */
function otherValue(value: unknown): unknown {
  if (isNumber(value)) return Math.abs(value) < Number.MAX_SAFE_INTEGER ? value + 1 : 1;
  if (isText(value)) return `${value}2`;
  if (typeof value === 'boolean') return !value;
  return 'other';
}

/** A body with another payload, of the same form: a number is one more, or a text longer. */
export function otherBodyOf(call: Call): Buffer {
  const { body = Buffer.alloc(0) } = call;
  const json = jsonOf(call);
  const path = findPath(json, isNumber) ?? findPath(json, isText);
  if (path !== undefined) return encode(edited(json, path, otherValue));
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return encode({ ...json, other: true });
  const text = body.toString('latin1');
  const isForm = typeOf(call).startsWith('application/x-www-form-urlencoded');
  if (isForm && /=\d+(?=&|$)/.test(text))
    return Buffer.from(
      text.replace(/=(\d+)(?=&|$)/, (_, digits: string) => `=${BigInt(digits) + 1n}`),
      'latin1',
    );
  return Buffer.from(isForm ? `${text}&other=1` : `${text}2`, 'latin1');
}

/** The same JSON with its members in reverse order and other white space. */
export function reordered(call: Call): Buffer | undefined {
  const json = exactJsonOf(call);
  if (typeof json !== 'object' || json === null) return undefined;
  return Buffer.from(` ${JSON.stringify(reversedMembers(json), undefined, 2)}\n`);
}

function reversedMembers(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(reversedMembers);
  if (typeof json !== 'object' || json === null) return json;
  const members = Object.entries(json).reverse();
  return Object.fromEntries(members.map(([name, value]) => [name, reversedMembers(value)]));
}

/** JSON payloads that differ and that a careless comparison mistakes for the same, by name. */
export function lookalikes(call: Call): Readonly<Record<string, Pair>> {
  const json = jsonOf(call);
  const pairs: Record<string, Pair> = {};
  const number = findPath(json, isNumber);
  if (number !== undefined) {
    pairs['a number and its text'] = [encode(json), encode(edited(json, number, String))];
    pairs['integers that differ beyond 2^53'] = [
      withDigits(json, number, '9007199254740993'),
      withDigits(json, number, '9007199254740992'),
    ];
  }
  const array = findPath(
    json,
    (value) => Array.isArray(value) && new Set(value.map((one) => JSON.stringify(one))).size > 1,
  );
  if (array !== undefined)
    pairs['arrays in another order'] = [
      encode(json),
      encode(edited(json, array, (value) => (Array.isArray(value) ? value.toReversed() : value))),
    ];
  return pairs;
}

/** An integer that a double cannot hold has to be written as text. */
function withDigits(json: unknown, path: Path, digits: string): Buffer {
  const place = 'latchkey-digits';
  return Buffer.from(JSON.stringify(edited(json, path, () => place)).replace(`"${place}"`, digits));
}

/** A JSON object that repeats the name of its first member, and the one without the repetition. */
export function repeatedName(call: Call): Pair | undefined {
  const json = jsonOf(call);
  const [name] = typeof json === 'object' && json !== null && !Array.isArray(json) ? Object.keys(json) : [];
  if (name === undefined) return undefined;
  const text = JSON.stringify(json);
  return [Buffer.from(`{${JSON.stringify(name)}:null,${text.slice(1)}`), Buffer.from(text)];
}

/** The body with another value in one place; undefined if there is no such place. */
export function withOther(call: Call, path: Path): Buffer | undefined {
  const json = exactJsonOf(call);
  if (json === undefined) return undefined;
  return encode(edited(json, path, otherValue));
}

/** The same multipart body with another boundary: its header and its bytes. */
export function withOtherBoundary(call: Call): { readonly type: string; readonly body: Buffer } | undefined {
  const type = headerOf(call, 'content-type') ?? '';
  const boundary = /^multipart\/.*boundary="?([^";]+)/i.exec(type)?.[1];
  if (boundary === undefined || call.body === undefined) return undefined;
  const other = `${boundary.slice(0, 60)}-other`;
  const text = call.body.toString('latin1').replaceAll(`--${boundary}`, `--${other}`);
  return { type: type.replace(boundary, other), body: Buffer.from(text, 'latin1') };
}
