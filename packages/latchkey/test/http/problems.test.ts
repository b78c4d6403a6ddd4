import { describe, expect, it } from 'vitest';
import { DOCS_URL } from '../../src/core/errors.ts';
import { stripe } from '../../src/dialects/index.ts';
import type { PlainResponse } from '../../src/http/exchange.ts';
import { ietf } from '../../src/http/problems/ietf.ts';
import { problemResponse } from '../../src/http/problems/problem-response.ts';
import { problem, retryAfterSeconds } from '../../src/http/problems/problems.ts';
import { headerValue } from '../../src/http/response/kept-headers.ts';
import { EXPOSED_HEADERS } from '../../src/protocol/headers.ts';
import type { ProblemCode } from '../../src/protocol/problem-codes.ts';

const statuses: readonly (readonly [code: ProblemCode, ietf: number, stripe: number, stripeType: string])[] = [
  ['key-missing', 400, 400, 'invalid_request_error'],
  ['key-invalid', 400, 400, 'invalid_request_error'],
  ['in-progress', 409, 409, 'idempotency_error'],
  ['outcome-unknown', 409, 409, 'idempotency_error'],
  ['key-reused', 422, 400, 'idempotency_error'],
  ['request-too-large', 413, 413, 'invalid_request_error'],
  ['response-not-kept', 410, 410, 'invalid_request_error'],
  ['store-unavailable', 503, 503, 'api_error'],
  ['shutting-down', 503, 503, 'api_error'],
  ['record-unreadable', 500, 500, 'api_error'],
  ['guard-mounted-twice', 500, 500, 'api_error'],
];
const shape = { dialect: ietf, onProblem: undefined, emit: undefined };
const parsed = (body: Uint8Array): unknown => JSON.parse(Buffer.from(body).toString());

describe('problemResponse', () => {
  it.each(statuses)('R63: %s is a problem document', (code, status) => {
    const response = problemResponse(problem(code), {}, shape);
    expect(response.status).toBe(status);
    expect(parsed(response.body)).toEqual({
      type: `${DOCS_URL}#${code}`,
      title: expect.any(String),
      status,
      detail: expect.any(String),
      code,
    });
    expect(headerValue(response.headers, 'content-type')).toBe('application/problem+json');
    expect(headerValue(response.headers, 'cache-control')).toBe('no-store');
    expect(headerValue(response.headers, 'idempotency-status')).toMatch(new RegExp(`^${code}(;final=\\?0)?$`));
    expect(headerValue(response.headers, 'content-length')).toBe(String(response.body.length));
  });

  it.each(statuses)("%s has Stripe's shape in its dialect", (code, _ietf, status, type) => {
    const response = problemResponse(problem(code), {}, { ...shape, dialect: stripe });
    expect(response.status).toBe(status);
    const stripeCode = code === 'in-progress' ? 'idempotency_key_in_use' : code;
    expect(parsed(response.body)).toEqual({
      error: {
        type,
        code: stripeCode,
        message: expect.any(String),
        doc_url: `${DOCS_URL}#${code}`,
        latchkey_code: code,
      },
    });
  });

  it("tells Stripe's clients whether to retry", () => {
    const told = (code: ProblemCode, occurrence = {}) =>
      headerValue(
        problemResponse(problem(code, occurrence), {}, { ...shape, dialect: stripe }).headers,
        'stripe-should-retry',
      );
    expect(told('in-progress', { retryAfterSeconds: 3 })).toBe('true');
    expect(told('outcome-unknown')).toBe('false');
  });

  it('contains the status of an answer that was not kept', () => {
    const original = { status: 201, location: '/x' };
    expect(parsed(problemResponse(problem('response-not-kept', { original }), {}, shape).body)).toMatchObject({
      original,
    });
  });

  it('R29: has Retry-After in whole seconds, at least 1', () => {
    const response = problemResponse(problem('in-progress', { retryAfterSeconds: retryAfterSeconds(1) }), {}, shape);
    expect(headerValue(response.headers, 'retry-after')).toBe('1');
    expect([0, 1000, 1001, 29_500].map(retryAfterSeconds)).toEqual([1, 1, 2, 30]);
  });

  it('adds the required headers to a custom response', () => {
    const onProblem = () => ({
      status: 499,
      headers: [
        ['X-House', '1'],
        ['Content-Length', '7'],
      ] as const,
      body: Buffer.from('house'),
    });
    const response = problemResponse(problem('in-progress', { retryAfterSeconds: 2 }), {}, { ...shape, onProblem });
    expect(response).toEqual({
      status: 499,
      headers: [
        ['X-House', '1'],
        ['Cache-Control', 'no-store'],
        ['Idempotency-Status', 'in-progress;final=?0'],
        ['Retry-After', '2'],
        ['Content-Length', '5'],
      ],
      body: Buffer.from('house'),
    });
  });

  it('falls back to the dialect if onProblem returns nothing, throws, or returns an invalid response', () => {
    const events: unknown[] = [];
    const house = (response: object) => () => response as PlainResponse;
    const body = Buffer.from('house');
    const unsendable = [
      house({ status: 400 }),
      house({ status: 99, headers: [], body }),
      house({ status: 400, headers: [['X-Note', 'two\nlines']], body }),
      house({ status: 400, headers: [], body: 'text' }),
    ];
    const fails = () => {
      throw new Error('broken house');
    };
    for (const onProblem of [() => undefined, fails, ...unsendable]) {
      const response = problemResponse(
        problem('key-missing'),
        {},
        { ...shape, onProblem, emit: (event) => void events.push(event) },
      );
      expect(parsed(response.body)).toMatchObject({ code: 'key-missing' });
    }
    expect(events).toEqual(Array(5).fill(expect.objectContaining({ type: 'handler-error' })));
  });

  it('R65: lists the headers to expose to browsers', () => {
    expect(EXPOSED_HEADERS).toEqual(['Idempotent-Replayed', 'Idempotency-Status', 'Idempotency-Stored', 'Retry-After']);
  });
});
