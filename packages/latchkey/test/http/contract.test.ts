import { describe, expect, it } from 'vitest';
import { acp, ucp } from '../../src/dialects/index.ts';
import { durationOf } from '../../src/http/contract/contract.ts';
import { createHttpLayer } from '../../src/http/create-layer.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import type { Native } from './layer-rig.ts';

const layerWith = (options: object = {}) =>
  createHttpLayer<Native>({ store: memoryStore(), principal: () => 'a', ...options });

const codesOf = async (options: object) => (await layerWith(options).contract()).problems.map(({ code }) => code);

describe('the contract of a guard', () => {
  it('has the defaults, as JSON', async () => {
    const contract = await layerWith().contract();
    expect(JSON.parse(JSON.stringify(contract))).toEqual(contract);
    expect(contract).toMatchObject({
      dialect: 'ietf',
      methods: ['POST', 'PATCH'],
      key: { header: 'Idempotency-Key', required: false, format: 'lenient', maxLength: 255, echoed: false },
      retention: { answer: 'P1D', unknownOutcome: 'P30D' },
      afterFailure: 'refuse',
      whenRunning: 'conflict',
      whenStoreDown: 'reject',
      payload: { body: 'canonical', ignored: { json: [], query: [], form: [] } },
      limits: { request: 1_048_576, response: 1_048_576 },
    });
    expect(contract.headers).toContain('Idempotent-Replayed');
    expect(contract.problems).toContainEqual({
      code: 'key-reused',
      title: expect.any(String),
      status: 422,
      contentType: 'application/problem+json',
      final: true,
      retryAfter: false,
      body: expect.objectContaining({ code: 'key-reused', status: 422 }),
    });
  });

  it('changes with each option', async () => {
    const layer = layerWith({
      dialect: acp,
      afterFailure: 'rerun',
      key: { required: true, format: 'strict' },
      methods: ['POST', 'PUT'],
      whenRunning: { waitMs: 1_500 },
      whenStoreDown: 'run-unprotected',
      timing: { retentionMs: 90_000_000, unresolvedRetentionMs: 60_000 },
      fingerprint: { headers: ['X-Tenant'], ignore: ['/sentAt'], ignoreQuery: ['t'], ignoreForm: ['at'] },
      request: { maxBytes: 10 },
      response: { maxBytes: 20 },
    });
    const contract = await layer.contract();
    expect(contract).toMatchObject({
      dialect: 'acp',
      methods: ['POST', 'PUT'],
      key: { required: true, format: 'strict', echoed: true },
      retention: { answer: 'P1DT1H', unknownOutcome: 'PT1M' },
      afterFailure: 'rerun',
      whenRunning: { wait: 'PT1.5S' },
      whenStoreDown: 'run-unprotected',
      payload: { ignored: { json: ['/sentAt'], query: ['t'], form: ['at'] } },
      limits: { request: 10, response: 20 },
    });
    expect(contract.source).toMatch(/^https:/);
    expect(contract.payload.headers).toContain('x-tenant');
    expect(contract.problems.find(({ code }) => code === 'in-progress')?.body).toMatchObject({
      code: 'idempotency_in_flight',
    });
  });

  it('says which errors have Retry-After, on which bodies may depend', async () => {
    const { problems } = await layerWith({ dialect: ucp, fingerprint: { body: 'bytes' } }).contract();
    const waiting = problems.filter(({ retryAfter }) => retryAfter);
    expect(waiting.map(({ code }) => code)).toEqual([
      'in-progress',
      'nothing-happened',
      'store-unavailable',
      'shutting-down',
    ]);
    for (const { body } of waiting) expect(body).toMatchObject({ messages: [{ severity: 'recoverable' }] });
    const unknown = problems.find(({ code }) => code === 'outcome-unknown');
    expect(unknown?.body).toMatchObject({ messages: [{ severity: 'unrecoverable' }] });
  });

  it('is that of a route for its variant', async () => {
    const route = layerWith().with({ timing: { retentionMs: 3_600_000 }, methods: ['DELETE'] });
    expect(await route.contract()).toMatchObject({ methods: ['DELETE'], retention: { answer: 'PT1H' } });
  });

  it.each([
    ['key-missing', { key: { required: true } }],
    ['principal-missing', { principal: 'authorization' }],
    ['replay-forbidden', { response: { authorizeReplay: () => true } }],
    ['rebuild-failed', { response: { reference: () => 1, rebuild: () => 'x' } }],
    ['key-quarantined', { restored: { at: 0 } }],
  ] as const)('names %s only if the options make it possible', async (code, options) => {
    expect(await codesOf({})).not.toContain(code);
    expect(await codesOf(options)).toContain(code);
  });

  it('has no status and no body of errors whose form onProblem decides', async () => {
    const [first] = (await layerWith({ onProblem: () => undefined }).contract()).problems;
    expect(first).toEqual({ code: 'key-invalid', title: expect.any(String), final: true, retryAfter: false });
  });

  it("has the text of a dialect's error that is not JSON", async () => {
    const dialect = { name: 'plain', shape: () => ({ status: 400, headers: [], body: Buffer.from('no') }) };
    expect((await layerWith({ dialect }).contract()).problems[0]).toMatchObject({ status: 400, body: 'no' });
  });
});

describe('durationOf', () => {
  it.each([
    [0, 'PT0S'],
    [500, 'PT0.5S'],
    [1_000, 'PT1S'],
    [90_000, 'PT1M30S'],
    [3_600_000, 'PT1H'],
    [86_400_000, 'P1D'],
    [90_061_001, 'P1DT1H1M1.001S'],
  ])('%i ms is %s', (milliseconds, duration) => {
    expect(durationOf(milliseconds)).toBe(duration);
  });
});
