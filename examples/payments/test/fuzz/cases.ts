import type { SeededRandom } from '../support/random.ts';
import { badBody, goodBody, type Payload } from './bodies.ts';
import { frame, frameBadly, hangUp, type RequestParts } from './framing.ts';
import { badKeyLines, goodKeyLine, makeKey } from './key-field-lines.ts';
import type { RawRequest } from './raw-exchange.ts';

/** One request, and its allowed outcome. */
export interface FuzzCase {
  readonly request: RawRequest;
  /** The description of its charge; requests with the same key share it. */
  readonly description: string;
  /** - `charge`: well-formed. - `refuse`: must make no charge. - `any`: anything but a fault. */
  readonly expected: 'charge' | 'refuse' | 'any';
}

/** Requests under one key. */
interface Group {
  readonly key: string;
  readonly account: string;
  readonly payload: Payload;
}

const accounts = ['sk_test_a', 'sk_test_b', 'sk_test_c'];
const line = 'POST /v1/charges HTTP/1.1';
/** The same resource with another spelling of the request line. */
const absoluteLine = 'POST http://localhost/v1/charges HTTP/1.1';
const otherLines = [
  'POST /v1/charges/ HTTP/1.1',
  'POST /V1/charges HTTP/1.1',
  'POST //v1/charges HTTP/1.1',
  'POST /v1/%63harges HTTP/1.1',
  'POST /v1/../v1/charges HTTP/1.1',
  'PUT /v1/charges HTTP/1.1',
  'DELETE /v1/charges HTTP/1.1',
  'PATCH /v1/charges/ch_1 HTTP/1.1',
  'GET /v1/charges?limit=1&limit=2 HTTP/1.1',
  'GET /v1/charges?limit=100000000000000000000 HTTP/1.1',
  'GET /v1/charges/%00%ff HTTP/1.1',
  'OPTIONS * HTTP/1.1',
  'POST /checkout HTTP/1.1',
  'POST /checkout/payments HTTP/1.1',
  'BREW /v1/charges HTTP/1.1',
];
const badCredentials = ['', 'Basic', 'Basic !!!!', 'Bearer sk_live_a', 'Bearer', `Bearer sk_test_${'a'.repeat(4_000)}`];

/** Makes the requests of one run; the same seed gives the same requests. */
export function makeCases(count: number, random: SeededRandom): FuzzCase[] {
  const groups: Group[] = [];
  return Array.from({ length: count }, (_, number) => {
    const fuzzCase = makeCase(number, groups, random);
    return random.chance(0.1) ? { ...fuzzCase, request: hangUp(fuzzCase.request, random) } : fuzzCase;
  });
}

function makeCase(number: number, groups: Group[], random: SeededRandom): FuzzCase {
  const old = groups.length > 0 ? random.pick(groups.slice(-200)) : undefined;
  const choice = random.fraction();
  if (old && choice < 0.25) return wellFormed(old, random);
  if (old && choice < 0.3) return mismatch(old, random);
  const group = newGroup(number, random);
  if (choice < 0.65) {
    groups.push(group);
    return wellFormed(group, random);
  }
  return unusual(choice, group, random);
}

function newGroup(number: number, random: SeededRandom): Group {
  const payload = { amount: random.integer(1, 9_999), description: `fuzz ${number}`, isJson: random.chance(0.4) };
  return { key: makeKey(number, random), account: random.pick(accounts), payload };
}

function unusual(choice: number, group: Group, random: SeededRandom): FuzzCase {
  const { payload, key } = group;
  const refuse = { description: payload.description, expected: 'refuse' } as const;
  const parts = partsOf(group, random);
  if (choice < 0.78) {
    const fields = [credentials(group), badKeyLines(key, random)];
    return { ...refuse, request: frame({ ...parts, fields }, random) };
  }
  if (choice < 0.88) {
    return { ...refuse, request: frame({ ...parts, body: badBody(payload.description, random) }, random) };
  }
  if (choice < 0.92) return { ...refuse, expected: 'any', request: frameBadly(parts, random) };
  if (choice < 0.95) return { ...refuse, request: frame({ ...parts, line: random.pick(otherLines) }, random) };
  const fields = [`Authorization: ${random.pick(badCredentials)}`, goodKeyLine(key, random)];
  return { ...refuse, request: frame({ ...parts, fields }, random) };
}

function wellFormed(group: Group, random: SeededRandom): FuzzCase {
  const request = frame(partsOf(group, random), random);
  return { request, description: group.payload.description, expected: 'charge' };
}

function mismatch(group: Group, random: SeededRandom): FuzzCase {
  const description = `other than ${group.payload.description}`;
  const other = { ...group, payload: { ...group.payload, description } };
  return { request: frame(partsOf(other, random), random), description, expected: 'any' };
}

function partsOf(group: Group, random: SeededRandom): RequestParts {
  const fields = [credentials(group), goodKeyLine(group.key, random)];
  return { line: random.chance(0.05) ? absoluteLine : line, fields, body: goodBody(group.payload, random) };
}

function credentials({ account }: Group): string {
  return `Authorization: Basic ${Buffer.from(`${account}:`).toString('base64')}`;
}
