import { describe, expect, it } from 'vitest';
import { timedUuid } from '../../src/core/support/operation-age.ts';
import { stripe } from '../../src/dialects/index.ts';
import { createHttpLayer } from '../../src/http/create-layer.ts';
import type { GuardOptions, Restored } from '../../src/http/options.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { captured, gate, layerRig, type Native, type Sent } from './layer-rig.ts';

const restored = Date.UTC(2026, 10, 24, 12);
const minute = 60_000;
const before = restored - minute;
const after = restored + minute;

const uuid = '0b5e3c1a-4f7d-4e2a-9c3b-1a2b3c4d5e6f';
const dated = (ms: number, key = 'order-1'): Sent => ({
  key,
  headers: { 'repeatability-first-sent': new Date(ms).toUTCString() },
});
const timed = (ms: number): Sent => ({ key: timedUuid(uuid, ms) });

/** A guard on a store that counts its reads. */
function quarantineRig(options: Partial<Restored> = {}, more: Partial<GuardOptions<Native>> = {}) {
  const rig = layerRig({ restored: { at: new Date(restored), ...options }, ...more });
  const { layer, through } = rig;
  return { ...rig, free: through(layer.with({ restored: false })) };
}

describe('a key that was first sent before the restore, without a record', () => {
  it.each([
    ['by its header', dated(before)],
    ['by its time', timed(before)],
    ['by the earlier of both: the header', { ...timed(after), ...dated(before, timedUuid(uuid, after)) }],
    ['by the earlier of both: the key', { ...dated(after, timedUuid(uuid, before)) }],
    [
      'by a header in an obsolete form',
      { key: 'k', headers: { 'repeatability-first-sent': 'Tue Nov 24 11:59:00 2026' } },
    ],
    ['in upper case', { key: timedUuid(uuid, before).toUpperCase() }],
    ['a millisecond before', timed(restored - 1)],
  ])('is refused, and its handler does not run: %s', async (_, sent: Sent) => {
    const { send, runs, events } = quarantineRig();
    for (const _again of [1, 2]) expect(await send(sent)).toMatchObject({ status: 409, code: 'key-quarantined' });
    expect(runs()).toBe(0);
    expect(events.map(({ type }) => type)).toEqual(['quarantined', 'quarantined']);
  });

  it('gets an answer that is marked as not final', async () => {
    const { send } = quarantineRig();
    const answer = await send(timed(before));
    expect(answer.header('idempotency-status')).toBe('key-quarantined;final=?0');
    expect(answer.header('retry-after')).toBeUndefined();
    expect(JSON.parse(answer.text)).toMatchObject({
      detail: expect.stringMatching(/first sent before.*do not use a new key/),
    });
    const other = await quarantineRig({}, { dialect: stripe }).send(timed(before));
    expect([other.status, other.header('stripe-should-retry')]).toEqual([409, 'false']);
    expect(JSON.parse(other.text)).toMatchObject({
      error: { type: 'idempotency_error', code: 'key-quarantined', latchkey_code: 'key-quarantined' },
    });
  });

  it("is refused for a time in milliseconds too, and by a route's own option", async () => {
    const { layer, through, runs } = layerRig();
    const send = through(layer.with({ restored: { at: restored } }));
    expect(await send(timed(before))).toMatchObject({ code: 'key-quarantined' });
    expect(await through(layer)(timed(before))).toMatchObject({ status: 201 });
    expect(runs()).toBe(1);
  });
});

describe('a key that is handled as usual', () => {
  it.each([
    ['by its header', dated(after)],
    ['by its time', timed(after)],
    ['exactly then', timed(restored)],
    ['of unknown age', { key: 'order-1' }],
    ['a random UUID', { key: uuid }],
  ])('one from after the restore runs: %s', async (_, sent: Sent) => {
    const { send, runs } = quarantineRig();
    expect(await send(sent)).toMatchObject({ status: 201, text: 'run 1' });
    expect((await send(sent)).header('idempotent-replayed')).toBe('true');
    expect(runs()).toBe(1);
  });

  it('an old one whose record is completed is only replayed to its own payload', async () => {
    const { send, free, runs } = quarantineRig();
    await free(timed(before));
    expect((await send(timed(before))).header('idempotent-replayed')).toBe('true');
    expect(await send({ ...timed(before), body: '{}' })).toMatchObject({ status: 422, code: 'key-reused' });
    expect(runs()).toBe(1);
  });
});

type Rig = ReturnType<typeof quarantineRig>;

/** The states of an uncompleted record in a backup. */
const undecided: Readonly<Record<string, (rig: Rig, sent: Sent) => Promise<void>>> = {
  'open without steps': async ({ free }, sent) => void (await free(sent, () => captured(429))),
  'open with steps': async ({ layer, through }, sent) => {
    const rerun = through(layer.with({ restored: false, afterFailure: 'rerun' }));
    await rerun(sent, async (context) => {
      await context?.step('reserve', () => 1);
      return captured(500);
    });
  },
  running: async ({ free, runs }, sent) => {
    void free(sent, () => new Promise(() => {}));
    await expect.poll(runs).toBe(1);
  },
  lapsed: async ({ memory, runtime }, sent) => {
    const dying = layerRig({ store: memory, runtime, afterFailure: 'rerun' });
    const { opened, open } = gate<void>();
    void dying.send(sent, () => {
      open();
      return new Promise(() => {});
    });
    await opened;
    const closed = dying.layer.shutdown(0);
    await runtime.advance(1);
    await closed;
  },
};

describe.each(Object.entries(undecided))('old keys whose records are undecided', (name, leave) => {
  const options = { afterFailure: 'rerun', recover: () => ({ decision: 'rerun' as const }) } as const;

  it(`are refused and do not run: ${name}`, async () => {
    const rig = quarantineRig({}, options);
    await leave(rig, timed(before));
    let runs = 0;
    const answer = rig.send(timed(before), () => {
      runs += 1;
      return captured(200);
    });
    expect(await answer).toMatchObject({ status: 409, code: 'key-quarantined' });
    expect(runs).toBe(0);
  });

  it(`are handled as usual if they changed after the restore: ${name}`, async () => {
    const rig = quarantineRig({}, options);
    rig.runtime.jumpWallClock(restored - rig.runtime.clock.now());
    await leave(rig, timed(before));
    const code = name === 'running' ? 'in-progress' : undefined;
    expect((await rig.send(timed(before), () => captured(200))).code).toBe(code);
  });
});

describe('a key of unknown age', () => {
  it("is refused with unknownKeys: 'refuse', unless its record is completed", async () => {
    const { send, free, runs } = quarantineRig({ unknownKeys: 'refuse' });
    expect(await send({ key: uuid })).toMatchObject({ status: 409, code: 'key-quarantined' });
    expect(runs()).toBe(0);
    await free({ key: uuid });
    expect((await send({ key: uuid })).header('idempotent-replayed')).toBe('true');
    expect(await send(timed(after))).toMatchObject({ status: 201 });
  });
});

describe('a garbled header', () => {
  it.each(['yesterday', '2026-11-24T12:01:00Z', '', 'Tue, 24 Nov 2026 12:01:00 GMT, Tue, 24 Nov 2026 12:01:00 GMT'])(
    'counts as a time before the restore, even with a newer key: %j',
    async (value) => {
      const { send, free, runs } = quarantineRig();
      const sent = { ...timed(after), headers: { 'repeatability-first-sent': value } };
      const refused = await send(sent);
      expect(refused).toMatchObject({ code: 'key-quarantined', text: expect.stringContaining('one HTTP date') });
      await free(sent);
      expect((await send(sent)).header('idempotent-replayed')).toBe('true');
      expect(runs()).toBe(1);
    },
  );

  it('is ignored without the option', async () => {
    const { free } = quarantineRig();
    expect(await free({ key: 'k', headers: { 'repeatability-first-sent': 'yesterday' } })).toMatchObject({
      status: 201,
    });
  });
});

describe('the store', () => {
  it('is only read for keys under quarantine', async () => {
    const { send, faults } = quarantineRig();
    await send(timed(after));
    await send({ key: uuid });
    expect(faults.calls.get('read') ?? 0).toBe(0);
    await send(timed(before));
    expect(faults.calls.get('read')).toBe(1);
  });

  it('that is unavailable gives 503 for those, even if a route runs unprotected', async () => {
    const { send, faults, runs, runtime } = quarantineRig({}, { whenStoreDown: 'run-unprotected' });
    faults.plan(() => ({ kind: 'fail' }));
    const answer = send(timed(before));
    await runtime.advance(10_000);
    expect(await answer).toMatchObject({ status: 503, code: 'store-unavailable' });
    expect(runs()).toBe(0);
  });
});

describe('the option', () => {
  const options = (more: object): GuardOptions<Native> => ({ store: memoryStore(), principal: () => 'me', ...more });

  it.each([
    ['no moment', {}, 'option-invalid'],
    ['an invalid Date', { at: new Date('later') }, 'option-invalid'],
    ['a text', { at: '2026-11-24' }, 'option-invalid'],
    ['another choice', { at: 0, unknownKeys: 'ask' }, 'option-invalid'],
    ['an unknown member', { at: 0, after: 1 }, 'option-unknown'],
  ])('is checked at start-up: %s', (_, restored, code) => {
    expect(() => createHttpLayer(options({ restored }))).toThrow(expect.objectContaining({ code }));
  });
});
