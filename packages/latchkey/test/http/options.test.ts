import { afterEach, describe, expect, it, vi } from 'vitest';
import { stripe } from '../../src/dialects/index.ts';
import { createHttpLayer } from '../../src/http/create-layer.ts';
import type { GuardOptions } from '../../src/http/options.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { layerRig } from './layer-rig.ts';

const options = (more: object): GuardOptions<object> => ({ store: memoryStore(), principal: () => 'me', ...more });
const fault = (code: string, text: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(text), docs: expect.stringContaining(`#${code}`) });

describe('createHttpLayer finds misuse by name', () => {
  it.each([
    ['keyRequired', /"key.required"/],
    ['leaseMS', /"timing.leaseMs"/],
    ['maxResponseBytes', /"response.maxBytes"/],
    ['pricipal', /"principal"/],
    ['ttl', /no option "ttl"/],
    ['toString', /no option "toString"/],
  ])('an unknown option: %s', (name, text) => {
    expect(() => createHttpLayer(options({ [name]: 1 }))).toThrow(fault('option-unknown', text));
  });

  it.each([
    ['timing', { leaseMs: -1 }, /timing.leaseMs must be an integer from 100 to \d+; got -1/],
    ['timing', { leaseMs: 30 }, /timing.leaseMs/],
    ['timing', { retentionMs: 1.5 }, /timing.retentionMs must be an integer of at least 1; got 1.5/],
    ['whenRunning', { waitMs: Number.NaN }, /whenRunning.waitMs/],
    ['whenRunning', {}, /whenRunning.waitMs must be an integer/],
    ['whenRunning', 'queue', /whenRunning must be "conflict", or an object with waitMs; got "queue"/],
    ['whenStoreDown', 'refuse', /"reject" or "run-unprotected"/],
    ['request', { maxBytes: '1mb' }, /request.maxBytes must be an integer.*got "1mb"/],
    ['afterFailure', 'retry', /"refuse" or "rerun"/],
    ['key', { format: 'any' }, /key.format must be "lenient" or "strict"/],
    ['key', { required: 'yes' }, /key.required must be true or false/],
    ['dialect', 'paypal', /a dialect of latchkey\/dialects/],
    ['response', { whenUnstored: 503 }, /"send" or "503"/],
    ['response', { keep: 404 }, /response.keep must be a function/],
    ['response', { reference: '/id', rebuild: () => '' }, /response.reference must be a function/],
    ['response', { reference: () => 'id' }, /response.reference needs response.rebuild/],
    ['methods', ['post'], /upper-case methods/],
    ['methods', ['GET'], /other than GET, HEAD/],
    ['fingerprint', { headers: ['bad name'] }, /header names/],
    ['fingerprint', { ignore: ['sentAt'] }, /JSON Pointers/],
    ['fingerprint', { ignore: ['/a~2'] }, /JSON Pointers/],
    ['fingerprint', 'ts', /fingerprint must be an object with body, headers.*got a string/],
    ['fingerprint', ['ts'], /got an instance of Array/],
    ['fingerprint', { ignoreQuery: 'ts' }, /array of names/],
    ['fingerprint', { body: 'raw' }, /"canonical" or "bytes"/],
    [
      'fingerprint',
      { body: 'bytes', ignore: ['/a'] },
      /fingerprint.ignore can't be used with fingerprint.body: 'bytes'/,
    ],
    ['fingerprint', { secrets: ['short'] }, /at least 32 bytes/],
    ['principal', 'tenant', /'authorization', or 'anonymous'/],
    ['principal', undefined, /principal must be a function/],
    ['store', undefined, /store must be a store/],
    ['store', {}, /store must be a store/],
    ['runtime', {}, /clock, timers and random/],
  ])('an invalid value: %s = %j', (name, value, text) => {
    expect(() => createHttpLayer(options({ [name]: value }))).toThrow(fault('option-invalid', text));
  });

  it('does not show a secret in its message', () => {
    expect(() => createHttpLayer(options({ fingerprint: { secrets: ['hunter2'] } }))).not.toThrow(/hunter2/);
  });

  it('an unknown member of a group', () => {
    const misspelt = options({ fingerprint: { ignoreForms: ['ts'] } });
    expect(() => createHttpLayer(misspelt)).toThrow(fault('option-unknown', /Did you mean "fingerprint.ignoreForm"/));
  });

  it('accepts every documented option', () => {
    const all = {
      methods: ['POST', 'PUT'],
      scope: 'charges',
      afterFailure: 'rerun',
      whenRunning: { waitMs: 5 },
      whenStoreDown: 'run-unprotected',
      recover: () => ({ decision: 'leave' }),
      restored: { at: 0, unknownKeys: 'refuse' },
      key: { required: true, format: 'strict' },
      fingerprint: {
        body: 'canonical',
        headers: ['X-Version'],
        ignore: ['/sentAt'],
        ignoreQuery: ['ts'],
        ignoreForm: ['ts'],
        secrets: ['s'.repeat(32)],
      },
      request: { maxBytes: 0, save: { maxBytes: 1, headers: ['X-Version'], principal: true } },
      response: {
        maxBytes: 10,
        keep: () => true,
        authorizeReplay: () => true,
        reference: () => 'id',
        rebuild: () => 'body',
        whenUnstored: 'send',
      },
      timing: {
        leaseMs: 3_000,
        retentionMs: 1,
        unresolvedRetentionMs: 1,
        maxRunMs: 1,
        maxAttempts: 1,
        claimTimeoutMs: 1,
        transactionLeaseMs: 1,
        maxRerunAgeMs: 1,
      },
      steps: { max: 1, maxBytes: 1, markStarts: true },
      dialect: stripe,
      onProblem: () => undefined,
      onEvent: () => {},
      log: false,
    };
    expect(() => createHttpLayer(options(all))).not.toThrow();
  });

  it("checks a route's options, and refuses those of the guard", () => {
    const layer = createHttpLayer(options({}));
    expect(() => layer.with({ key: { required: true }, afterFailure: 'rerun' })).not.toThrow();
    expect(() => layer.with({ timing: { leaseMs: 0 } })).toThrow(fault('option-invalid', /leaseMs/));
    const secret: object = { fingerprint: { secrets: ['s'.repeat(32)] } };
    expect(() => layer.with(secret)).toThrow(fault('option-unknown', /fingerprint.secrets/));
    const misplaced: object = { dialect: stripe };
    expect(() => layer.with(misplaced)).toThrow(fault('option-unknown', /dialect/));
  });
});

describe('a route', () => {
  it("merges its groups with the guard's, member by member", async () => {
    const { layer, through } = layerRig({ key: { required: true }, request: { maxBytes: 5 } });
    const route = through(layer.with({ key: { format: 'strict' } }));
    expect(await route({})).toMatchObject({ status: 400, code: 'key-missing' });
    expect(await route({ key: 'bare' })).toMatchObject({ status: 400, code: 'key-invalid' });
    expect(await route({ key: '"k"', body: '{"longer":1}' })).toMatchObject({ status: 413 });
  });

  it("keeps the guard's option if its own is undefined", async () => {
    const { layer, through, runs } = layerRig({ key: { required: true } });
    const unset: object = { key: { required: undefined } };
    expect(await through(layer.with(unset))({})).toMatchObject({ status: 400, code: 'key-missing' });
    expect(runs()).toBe(0);
  });
});

describe('a memory store in production', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('is refused, unless it is allowed', () => {
    vi.stubEnv('NODE_ENV', 'production');
    expect(() => memoryStore()).toThrow(fault('memory-store-in-production', /memoryStore.*allowInProduction/));
    expect(() => memoryStore({ allowInProduction: true })).not.toThrow();
  });
});
