import { describe, expect, it } from 'vitest';
import { acp, type Dialect, stripe, ucp } from '../../src/dialects/index.ts';
import { createHttpLayer } from '../../src/http/create-layer.ts';
import { problemResponse } from '../../src/http/problems/problem-response.ts';
import { problem } from '../../src/http/problems/problems.ts';
import type { ProblemCode } from '../../src/protocol/problem-codes.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { captured, layerRig, type Native } from './layer-rig.ts';

const inAcp = { dialect: acp, afterFailure: 'rerun', key: { required: true } } as const;
const inUcp = { dialect: ucp, fingerprint: { body: 'bytes' } } as const;

function answerTo(dialect: Dialect, code: ProblemCode) {
  const { status, body } = problemResponse(problem(code), {}, { dialect, onProblem: undefined, emit: undefined });
  return { status, body: JSON.parse(Buffer.from(body).toString()) };
}

const layerWith = (options: object) =>
  createHttpLayer<Native>({ store: memoryStore(), principal: () => 'a', ...options });

describe('acp', () => {
  it.each([
    ['key-missing', 400, 'invalid_request', 'idempotency_key_required'],
    ['key-reused', 422, 'invalid_request', 'idempotency_conflict'],
    ['in-progress', 409, 'invalid_request', 'idempotency_in_flight'],
    ['key-invalid', 400, 'invalid_request', 'key_invalid'],
    ['store-unavailable', 503, 'service_unavailable', 'store_unavailable'],
    ['operation-failed', 500, 'processing_error', 'operation_failed'],
  ] as const)('%s is %i %s %s', (code, status, type, theirs) => {
    expect(answerTo(acp, code)).toEqual({ status, body: { type, code: theirs, message: expect.any(String) } });
  });

  it('sends an accepted key back on every answer, as it came', async () => {
    const { send } = layerRig(inAcp);
    const key = '"k-1"';
    const answers = [
      await send({ key }, () => captured(201, 'made', { headers: [['Idempotency-Key', 'of another service']] })),
      await send({ key }),
      await send({ key, body: '{"amount":1}' }),
      await send({ key: 'é' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 422, 400]);
    const echoed = answers.map(({ headers }) => headers.filter(([name]) => name.toLowerCase() === 'idempotency-key'));
    expect(echoed).toEqual([...Array(3).fill([['Idempotency-Key', key]]), []]);
    expect((await send({})).header('idempotency-key')).toBeUndefined();
  });

  it.each([
    ['an answer', () => captured(500)],
    ['503 without Retry-After', () => captured(503)],
    [
      'a throw',
      () => {
        throw new Error('on command');
      },
    ],
  ])('never keeps a 5xx, not even after maxAttempts: %s', async (_what, handler) => {
    const { send } = layerRig({ ...inAcp, timing: { maxAttempts: 2 }, response: { keep: () => true } });
    for (const _ of [1, 2, 3]) expect((await send({ key: 'k' }, handler)).status).toBeGreaterThanOrEqual(500);
    expect((await send({ key: 'k' })).text).toBe('run 4');
  });

  it.each([
    [{ key: { required: true } }, "the dialect acp needs afterFailure: 'rerun'."],
    [{ afterFailure: 'rerun' }, 'the dialect acp needs key: { required: true }.'],
    [{ ...inAcp, timing: { retentionMs: 1_000 } }, 'the dialect acp needs timing: { retentionMs: 86400000 } or more.'],
    [{}, "the dialect acp needs afterFailure: 'rerun' and key: { required: true }."],
  ])('refuses a guard without what it needs: %o', (options, message) => {
    expect(() => layerWith({ dialect: acp, ...options })).toThrow(message);
  });

  it('refuses such a route', () => {
    const layer = layerWith(inAcp);
    expect(() => layer.with({ afterFailure: 'refuse' })).toThrow("needs afterFailure: 'rerun'");
  });
});

describe('ucp', () => {
  it.each([
    ['key-reused', 409, 'key_reused', 'recoverable'],
    ['key-missing', 400, 'key_missing', 'recoverable'],
    ['outcome-unknown', 409, 'outcome_unknown', 'unrecoverable'],
  ] as const)('%s is %i %s %s', (code, status, theirs, severity) => {
    const body = { messages: [{ type: 'error', code: theirs, content: expect.any(String), severity }] };
    expect(answerTo(ucp, code)).toEqual({ status, body });
  });

  it('compares the bytes of the body', async () => {
    const { send } = layerRig(inUcp);
    await send({ key: 'k', body: '{"a":1,"b":2}' });
    expect((await send({ key: 'k', body: '{"b":2,"a":1}' })).status).toBe(409);
  });

  it('refuses a guard that compares values, or keeps answers for less than a day', () => {
    expect(() => layerWith({ dialect: ucp })).toThrow("the dialect ucp needs fingerprint: { body: 'bytes' }.");
    expect(() => layerWith({ ...inUcp, timing: { retentionMs: 1_000 } })).toThrow('retentionMs: 86400000');
  });
});

describe('a dialect of the application', () => {
  const house: Dialect = {
    name: 'house',
    shape: ({ status, code }) => ({ status, headers: [], body: Buffer.from(code) }),
    lacks: ({ methods }) => (methods.includes('PUT') ? [] : ["'PUT' in methods"]),
  };

  it('has the form of its errors, and no further status that releases', async () => {
    const { send } = layerRig({
      dialect: house,
      methods: ['POST', 'PUT'],
      key: { required: true },
      afterFailure: 'rerun',
    });
    expect(await send({})).toMatchObject({ status: 400, text: 'key-missing' });
    await send({ key: 'k' }, () => captured(400, 'wrong'));
    expect((await send({ key: 'k' })).text).toBe('wrong');
  });

  it('can refuse a route, and must have a name, a shape and functions', () => {
    expect(() => layerWith({ dialect: house })).toThrow("the dialect house needs 'PUT' in methods.");
    const wrong = 'dialect must be a dialect of latchkey/dialects, or an object with name and shape';
    for (const dialect of [
      'stripe',
      {},
      { name: '' },
      { ...stripe, name: '' },
      { name: 'x' },
      { ...stripe, lacks: 'all' },
    ])
      expect(() => layerWith({ dialect })).toThrow(wrong);
  });
});
