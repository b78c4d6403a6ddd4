import { describe, expect, it } from 'vitest';
import { stripe } from '../../src/dialects/index.ts';
import type { CapturedResponse, Header } from '../../src/http/exchange.ts';
import { ietf } from '../../src/http/problems/ietf.ts';
import { problemResponse } from '../../src/http/problems/problem-response.ts';
import { problem } from '../../src/http/problems/problems.ts';
import { type ClassifyRules, classify } from '../../src/http/response/classify.ts';

const response = (status: number, more: Partial<CapturedResponse> = {}): CapturedResponse => ({
  status,
  headers: [],
  body: new Uint8Array(),
  state: 'whole',
  headSent: false,
  ...more,
});
const judged = (captured: CapturedResponse, rules: Partial<ClassifyRules> = {}) =>
  classify(captured, { overruled: undefined, keep: undefined, dialect: ietf, ...rules });

describe('classify', () => {
  it.each([200, 201, 204, 303, 400, 402, 403, 404, 409, 410, 422])('%i is done', (status) => {
    expect(judged(response(status))).toBe('done');
  });

  it.each([401, 407, 408, 425, 429])('%i is come-back', (status) => {
    expect(judged(response(status))).toBe('come-back');
  });

  it('503 is come-back only with Retry-After', () => {
    expect(judged(response(503))).toBe('failed');
    expect(judged(response(503, { headers: [['retry-after', '1']] }))).toBe('come-back');
    expect(judged(response(500, { headers: [['Retry-After', '1']] }))).toBe('failed');
  });

  it.each([500, 502, 504, 599])('%i is a failure', (status) => {
    expect(judged(response(status))).toBe('failed');
  });

  it('a broken stream is a failure, one that is too long is done', () => {
    expect(judged(response(200, { state: 'broken' }))).toBe('failed');
    expect(judged(response(200, { state: 'too-large' }))).toBe('done');
  });

  it('the route decides on statuses below 500', () => {
    const keep = (status: number) => status !== 404;
    expect(judged(response(404), { keep })).toBe('released');
    expect(judged(response(429), { keep })).toBe('done');
    expect(judged(response(500), { keep: () => false })).toBe('failed');
  });

  it('keep is called for a 503 with Retry-After too, and for no other 5xx', () => {
    const later = response(503, { headers: [['Retry-After', '1']] });
    expect(judged(later, { keep: () => false })).toBe('released');
    expect(judged(later, { keep: () => true })).toBe('done');
    expect(judged(response(503), { keep: () => false })).toBe('failed');
  });

  it("the handler's keep() and release() override everything", () => {
    expect(judged(response(200), { overruled: 'release' })).toBe('released');
    expect(judged(response(500), { overruled: 'keep', keep: () => false })).toBe('done');
    expect(judged(response(500), { overruled: 'release', thrown: 'failed' })).toBe('released');
  });

  it('a 400 is come-back in the Stripe dialect', () => {
    expect(judged(response(400), { dialect: stripe })).toBe('come-back');
    expect(judged(response(402), { dialect: stripe })).toBe('done');
  });
});

describe('classify of an answer that another layer gave', () => {
  const notFinal = [
    'in-progress',
    'outcome-unknown',
    'store-unavailable',
    'shutting-down',
    'guard-mounted-twice',
    'record-unreadable',
  ] as const;
  const final = ['key-missing', 'key-invalid', 'key-reused', 'request-too-large', 'response-not-kept'] as const;
  const passedOn = (code: (typeof notFinal)[number] | (typeof final)[number], dialect = ietf): CapturedResponse => ({
    ...problemResponse(problem(code), {}, { dialect, onProblem: undefined, emit: undefined }),
    state: 'whole',
    headSent: false,
  });
  const withoutMark = ({ headers, ...rest }: CapturedResponse): CapturedResponse => ({
    ...rest,
    headers: headers.filter(([name]) => !/^(?:idempotency-status|retry-after)$/i.test(name)),
  });

  it.each(notFinal)('R74 R89: %s is not final, marked or not, in both dialects', (code) => {
    for (const dialect of [ietf, stripe]) {
      expect(judged(passedOn(code, dialect))).toBe('not-final');
      expect(judged(withoutMark(passedOn(code, dialect)))).toBe('not-final');
    }
  });

  it.each([404, 422, 423, 425, 429, 502])('R74 R89: a marked %i of a house style is not final', (status) => {
    const headers: Header[] = [['Idempotency-Status', 'in-progress;final=?0']];
    expect(judged(response(status, { headers }))).toBe('not-final');
    expect(judged(response(status, { headers: [['Idempotency-Status', 'key-reused']] }))).not.toBe('not-final');
  });

  it.each(final)('%s is a normal answer', (code) => {
    expect(judged(passedOn(code))).toBe('done');
    expect(judged(withoutMark(passedOn(code)))).toBe('done');
  });

  it("recognizes Stripe's code", () => {
    const headers: Header[] = [['Content-Type', 'application/json']];
    const body = Buffer.from('{"error":{"type":"idempotency_error","code":"idempotency_key_in_use"}}');
    expect(judged(response(409, { headers, body }))).toBe('not-final');
  });

  it('does not take another 409, or a similar body, for it', () => {
    const headers: Header[] = [['Content-Type', 'application/problem+json']];
    const body = Buffer.from('{"code":"in-progress"}');
    expect(judged(response(409, { headers, body: Buffer.from('{"code":"sold-out"}') }))).toBe('done');
    expect(judged(response(409, { headers, body: Buffer.from('{"code":') }))).toBe('done');
    expect(judged(response(409, { headers: [['Content-Type', 'text/plain']], body }))).toBe('done');
    expect(judged(response(200, { headers: [['Idempotency-Status', 'in-progress;final=?0']], body }))).toBe('done');
    expect(judged(response(409, { headers, body: Buffer.from('null') }))).toBe('done');
  });
});
