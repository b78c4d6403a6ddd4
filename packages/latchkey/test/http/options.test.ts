import { afterEach, describe, expect, it, vi } from 'vitest';
import { createHttpLayer } from '../../src/http/create-layer.ts';
import type { GuardOptions } from '../../src/http/options.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { layerRig } from './layer-rig.ts';

const options = (more: object): GuardOptions<object> => ({ store: memoryStore(), principal: () => 'me', ...more });
const fault = (code: string, text: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(text), docs: expect.stringContaining(`#${code}`) });

describe('createHttpLayer finds misuse by name', () => {
  it.each([
    ['keyrequired', /"keyRequired"/],
    ['leaseMS', /"leaseMs"/],
    ['pricipal', /"principal"/],
    ['ttl', /no option "ttl"/],
    ['toString', /no option "toString"/],
  ])('an unknown option: %s', (name, text) => {
    expect(() => createHttpLayer(options({ [name]: 1 }))).toThrow(fault('option-unknown', text));
  });

  it.each([
    ['leaseMs', -1, /leaseMs must be an integer from 100 to \d+; got -1/],
    ['leaseMs', 30, /leaseMs/],
    ['retentionMs', 1.5, /an integer of at least 1; got 1.5/],
    ['waitMs', Number.NaN, /waitMs/],
    ['maxRequestBytes', '1mb', /maxRequestBytes must be a whole number/],
    ['afterFailure', 'retry', /"refuse" or "rerun"/],
    ['whenRunning', 'queue', /"reject" or "wait"/],
    ['keyFormat', 'any', /"lenient" or "strict"/],
    ['dialect', 'paypal', /"ietf" or "stripe"/],
    ['onUnstored', 503, /"send" or "503"/],
    ['methods', ['post'], /upper case/],
    ['methods', ['GET'], /none of which is safe/],
    ['meaningfulFields', ['bad name'], /header names/],
    ['volatileMembers', ['sentAt'], /JSON Pointers/],
    ['fingerprint', 'ts', /ignoreQuery or ignoreForm/],
    ['fingerprint', ['ts'], /got an instance of Array/],
    ['fingerprint', { ignoreQuery: 'ts' }, /array of names/],
    ['volatileMembers', ['/a~2'], /JSON Pointers/],
    ['keyRequired', 'yes', /true or false/],
    ['keep', 404, /a function/],
    ['fingerprintSecrets', ['short'], /at least 32 bytes/],
    ['principal', 'tenant', /'authorization', or 'anonymous'/],
    ['principal', undefined, /principal must be a function/],
    ['store', undefined, /store must be a store/],
    ['store', {}, /store must be a store/],
    ['runtime', {}, /clock, timers and random/],
  ])('an invalid value: %s = %j', (name, value, text) => {
    expect(() => createHttpLayer(options({ [name]: value }))).toThrow(fault('option-invalid', text));
  });

  it('says nothing of a secret in its message', () => {
    expect(() => createHttpLayer(options({ fingerprintSecrets: ['hunter2'] }))).not.toThrow(/hunter2/);
  });

  it('an unknown member of a group', () => {
    const misspelt = options({ fingerprint: { ignoreForms: ['ts'] } });
    expect(() => createHttpLayer(misspelt)).toThrow(fault('option-unknown', /Did you mean "ignoreForm"/));
  });

  it('takes every documented option', () => {
    const all = {
      keyRequired: true,
      keyFormat: 'strict',
      methods: ['POST', 'PUT'],
      meaningfulFields: ['X-Version'],
      volatileMembers: ['/sentAt'],
      fingerprint: { ignoreQuery: ['ts'], ignoreForm: ['ts'] },
      keep: () => true,
      authorizeReplay: () => true,
      recover: () => ({ decision: 'leave' }),
      onUnstored: 'send',
      saveRequest: { maxBytes: 1, headers: ['X-Version'], principal: true },
      quarantine: { before: 0, unknown: 'refuse' },
      maxRequestBytes: 0,
      maxResponseBytes: 10,
      dialect: 'stripe',
      fingerprintSecrets: ['s'.repeat(32)],
      onProblem: () => undefined,
      allowVolatileStore: false,
      onEvent: () => {},
      afterFailure: 'rerun',
      leaseMs: 3000,
      whenRunning: 'wait',
      whenStoreDown: 'run-unprotected',
    };
    expect(() => createHttpLayer(options(all))).not.toThrow();
  });

  it("checks a route's options, and knows those of the guard alone for wrong there", () => {
    const layer = createHttpLayer(options({}));
    expect(() => layer.with({ keyRequired: true, afterFailure: 'rerun' })).not.toThrow();
    expect(() => layer.with({ leaseMs: 0 })).toThrow(fault('option-invalid', /leaseMs/));
    const misplaced: object = { dialect: 'stripe' };
    expect(() => layer.with(misplaced)).toThrow(fault('option-unknown', /dialect/));
  });
});

describe('a route', () => {
  it("keeps the guard's option where its own is undefined", async () => {
    const { layer, through, runs } = layerRig({ keyRequired: true });
    const unset: object = { keyRequired: undefined };
    expect(await through(layer.with(unset))({})).toMatchObject({ status: 400, code: 'key-missing' });
    expect(runs()).toBe(0);
  });
});

describe('a volatile store in production', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('is refused by name, unless it is meant', () => {
    vi.stubEnv('NODE_ENV', 'production');
    expect(() => createHttpLayer(options({}))).toThrow(
      fault('memory-store-in-production', /memory store.*allowVolatileStore/),
    );
    expect(() => createHttpLayer(options({ allowVolatileStore: true }))).not.toThrow();
  });
});
