import { describe, expect, it, vi } from 'vitest';
import { timedUuid } from '../../src/core/support/operation-age.ts';
import { captured, gate, layerRig, type Native, type Sent } from './layer-rig.ts';

const other = { key: 'k', body: '{"amount":3000}' };

describe('peek', () => {
  it.each([
    ['a method that is not guarded', { method: 'GET', key: 'k' }],
    ['a request without a key', {}],
    ['an invalid key', { key: 'a,b' }],
    ['a key that was sent twice', { key: ['a', 'b'] }],
    ['a caller without a principal', { key: 'k', tenant: '' }],
    ['a body that is too long', { key: 'k', body: 'x'.repeat(1_048_577) }],
    ['a body that was consumed', { key: 'k', body: { kind: 'consumed' } }],
  ] as const satisfies [string, Sent][])('says none, and does not ask the store, for %s', async (_name, sent) => {
    const { peek, faults } = layerRig();
    expect(await peek(sent)).toBe('none');
    expect([...faults.calls]).toEqual([]);
  });

  it('says new, running and replay as the first request proceeds, by one read each', async () => {
    const { peek, send, faults, runs } = layerRig();
    const { opened, open } = gate<void>();
    expect(await peek({ key: 'k' })).toBe('new');
    const first = send({ key: 'k' }, () => opened.then(() => captured(201)));
    await vi.waitUntil(() => runs() === 1);
    expect(await peek({ key: 'k' })).toBe('running');
    open();
    await first;
    expect(await peek({ key: 'k' })).toBe('replay');
    expect(faults.calls.get('read')).toBe(3);
    expect(faults.calls.get('claim')).toBe(1);
  });

  it('says mismatch for another payload, while the first runs and afterwards', async () => {
    const { peek, send, runs } = layerRig();
    const { opened, open } = gate<void>();
    const first = send({ key: 'k' }, () => opened.then(() => captured(201)));
    await vi.waitUntil(() => runs() === 1);
    expect(await peek(other)).toBe('mismatch');
    open();
    await first;
    expect(await peek(other)).toBe('mismatch');
  });

  it("uses the principal, the path and the route's own options, as the guard does", async () => {
    const { peek, send, through, layer } = layerRig();
    await send({ key: 'k' });
    expect(await peek({ key: 'k', tenant: 'acct_2' })).toBe('new');
    expect(await peek({ key: 'k', target: '/v1/refunds' })).toBe('new');
    expect(await peek({ key: 'k', body: '{ "amount": 2000 }' })).toBe('replay');
    const route = layer.with({ scope: 'pay', fingerprint: { ignore: ['/sentAt'] }, methods: ['PUT'] });
    const sent = (sentAt: number) => ({ key: 'r', method: 'PUT', body: `{"amount":1,"sentAt":${sentAt}}` });
    await through(route)(sent(1));
    expect(await peek(sent(2), route)).toBe('replay');
    expect(await peek(sent(2))).toBe('none');
  });

  it('says new for a released record, and mismatch for another payload if a step was saved', async () => {
    const { peek, send } = layerRig({ afterFailure: 'rerun' });
    await send({ key: 'k' }, () => captured(500));
    expect([await peek({ key: 'k' }), await peek(other)]).toEqual(['new', 'new']);
    await send({ key: 'k' }, async (context) => {
      await context?.step('charge', () => 'ch_1');
      return captured(500);
    });
    expect([await peek({ key: 'k' }), await peek(other)]).toEqual(['new', 'mismatch']);
  });

  it('says unknown for a record whose worker has died', async () => {
    const { peek, send, runtime, runs } = layerRig({ timing: { leaseMs: 1_000, maxRunMs: 1_000 } });
    void send({ key: 'k' }, () => new Promise(() => {}));
    await vi.waitUntil(() => runs() === 1);
    await runtime.advance(3_000);
    expect(await peek({ key: 'k' })).toBe('unknown');
    expect(await peek(other)).toBe('mismatch');
  });

  it('says unknown for a key that is quarantined after a restore', async () => {
    const restored = Date.UTC(2026, 10, 24, 12);
    const { peek, send } = layerRig({ restored: { at: restored } });
    const uuid = '0b5e3c1a-4f7d-4e2a-9c3b-1a2b3c4d5e6f';
    const old = { key: timedUuid(uuid, restored - 1) };
    expect(await peek(old)).toBe('unknown');
    expect(await send(old)).toMatchObject({ code: 'key-quarantined' });
    expect(await peek({ key: timedUuid(uuid, restored + 1) })).toBe('new');
  });

  it.each(['hang', 'fail'] as const)(
    'R60 says unknown within claimTimeoutMs while the store is down: %s',
    async (kind) => {
      const { peek, faults, runtime } = layerRig({ timing: { claimTimeoutMs: 500 } });
      faults.plan(() => ({ kind }));
      const seen = vi.fn();
      void peek({ key: 'k' }).then(seen);
      await runtime.advance(500);
      await vi.waitUntil(() => seen.mock.calls.length > 0);
      expect(seen).toHaveBeenCalledWith('unknown');
    },
  );

  it('rejects with the error of the principal function', async () => {
    const principal = (): string => {
      throw new Error('no session');
    };
    await expect(layerRig({ principal }).peek({ key: 'k' })).rejects.toThrow('no session');
  });

  it('saves no request and calls no hook', async () => {
    const recover = vi.fn();
    const { peek, warnings } = layerRig({ afterFailure: 'rerun', request: { save: { maxBytes: 1 } }, recover });
    expect(await peek({ key: 'k' })).toBe('new');
    expect([warnings(), recover.mock.calls]).toEqual([[], []]);
  });
});

describe('a request that was peeked at', () => {
  const native: Native = { tenant: 'acct_1' };
  const sent: Sent = { key: 'k', native };

  it('is handled by the guard as usual, whatever the number of peeks', async () => {
    const { peek, send } = layerRig();
    expect([await peek(sent), await peek(sent)]).toEqual(['new', 'new']);
    expect(await send(sent)).toMatchObject({ status: 201, text: 'run 1' });
    expect(await send({ key: 'k' })).toMatchObject({ status: 201, text: 'run 1' });
    expect((await send(sent)).code).toBe('guard-mounted-twice');
  });

  it('may be peeked at in its handler, and a second guard is still detected', async () => {
    const { peek, send, layer, through } = layerRig();
    const first = await send(sent, async () => captured(200, await peek(sent)));
    expect(first.text).toBe('running');
    const mine = { key: 'm', native: { tenant: 'acct_1' } };
    await peek(mine);
    const twice = await through(layer)(mine, async () => captured((await send(mine)).status));
    expect(twice.status).toBe(500);
  });

  it('has its body compared once: the guard takes over its comparable form', async () => {
    const { peek, send } = layerRig();
    const bytes = Buffer.from('{"amount":2000}');
    const parse = vi.spyOn(bytes, 'toString');
    const body = { kind: 'bytes', bytes } as const;
    await peek({ ...sent, body });
    const once = parse.mock.calls.length;
    expect(once).toBeGreaterThan(0);
    await send({ ...sent, body });
    expect(parse.mock.calls.length).toBe(once);
    expect((await send({ key: 'k' })).header('idempotent-replayed')).toBe('true');
  });

  it('is compared again if another variant of the guard handles it, or its body has changed', async () => {
    const { peek, layer, through } = layerRig();
    const guarded = through(layer.with({ fingerprint: { ignore: ['/sentAt'] } }));
    await peek({ ...sent, body: '{"amount":1,"sentAt":1}' });
    await guarded({ ...sent, body: '{"amount":1,"sentAt":1}' });
    expect((await guarded({ key: 'k', body: '{"amount":1,"sentAt":2}' })).status).toBe(201);
    const changed = { key: 'c', native: { tenant: 'acct_1' } };
    await peek({ ...changed, body: '{"amount":1}' });
    await guarded({ ...changed, body: '{"amount":2}' });
    expect((await guarded({ key: 'c', body: '{"amount":1}' })).code).toBe('key-reused');
  });

  it('R49 has the principal that the request has in the guard, not the one that it had before authentication', async () => {
    const { peek, send } = layerRig({ principal: (request) => Reflect.get(request, 'user') ?? 'guest' });
    const request = { tenant: '' };
    expect(await peek({ key: 'k', native: request })).toBe('new');
    Reflect.set(request, 'user', 'ann');
    await send({ key: 'k', native: request });
    expect((await send({ key: 'k' })).text).toBe('run 2');
  });
});
