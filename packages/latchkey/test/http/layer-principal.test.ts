import { describe, expect, it } from 'vitest';
import { principalDigest } from '../../src/core/support/digest.ts';
import { captured, layerRig } from './layer-rig.ts';

const uuid = '4fa282fe-6f26-4f33-8a32-447c6d8a1953';

describe('principals', () => {
  it("R49: neither sees nor blocks another's key", async () => {
    const { send } = layerRig();
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = send({ key: 'k', tenant: 'a' }, async () => {
      await promise;
      return captured(201, 'of a');
    });
    expect((await send({ key: 'k', tenant: 'b' }, () => captured(201, 'of b'))).text).toBe('of b');
    resolve();
    expect((await first).text).toBe('of a');
    expect((await send({ key: 'k', tenant: 'b' })).text).toBe('of b');
  });

  it('can have all their records erased', async () => {
    const { send, memory } = layerRig();
    await send({ key: 'k', tenant: 'a' });
    expect(await memory.erase(principalDigest('a'))).toBe(1);
    expect((await send({ key: 'k', tenant: 'a' })).text).toBe('run 2');
  });

  it("by 'authorization', are distinguished by their credentials", async () => {
    const { send, runs } = layerRig({ principal: 'authorization' });
    for (const authorization of ['Bearer sk_a', 'Bearer sk_b', 'Bearer sk_a']) {
      await send({ key: 'k', headers: { authorization } });
    }
    expect(runs()).toBe(2);
    expect(await send({ key: 'k' })).toMatchObject({ status: 400, code: 'principal-missing' });
  });

  it("by 'authorization', refuse a JWT as a misconfiguration of the server, and warn once", async () => {
    const { send, runs, warnings } = layerRig({ principal: 'authorization' });
    const headers = { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' };
    for (let retry = 0; retry < 2; retry += 1) {
      expect(await send({ key: 'k', headers })).toMatchObject({ status: 500, code: 'principal-unstable' });
    }
    expect([runs(), warnings()]).toEqual([0, ['principal-unstable']]);
  });

  it("by 'anonymous', need an unguessable key", async () => {
    const { send, runs } = layerRig({ principal: 'anonymous' });
    expect(await send({ key: 'order-1' })).toMatchObject({ status: 400, code: 'key-invalid' });
    await send({ key: uuid });
    await send({ key: uuid });
    expect(runs()).toBe(1);
  });

  it("let the application's own refusal through", async () => {
    const refusal = new Error('session expired');
    const { send, runs } = layerRig({ principal: () => Promise.reject(refusal) });
    await expect(send({ key: 'k' })).rejects.toBe(refusal);
    expect(runs()).toBe(0);
  });

  it('never reach an event, nor does a key or a payload', async () => {
    const { send, events } = layerRig({ principal: 'authorization' });
    const sent = { key: 'secret-key', headers: { authorization: 'Bearer sk_secret' }, body: '{"card":"4242"}' };
    await send(sent);
    await send(sent);
    await send({ ...sent, body: '{"card":"5555"}' });
    expect(events.length).toBeGreaterThan(2);
    expect(JSON.stringify(events)).not.toMatch(/secret-key|sk_secret|4242|5555/);
  });
});

describe('authorizeReplay', () => {
  it('R50: withholds a stored answer from a caller that may no longer see it', async () => {
    let allowed: boolean | { status: number; body: string } = true;
    const records: unknown[] = [];
    const { send } = layerRig({
      response: {
        authorizeReplay: (request, record) => {
          records.push([request.tenant, record.status]);
          return allowed;
        },
      },
    });
    await send({ key: 'k' }, () => captured(201, 'private'));
    expect((await send({ key: 'k' })).text).toBe('private');
    allowed = false;
    const refused = await send({ key: 'k' });
    expect(refused).toMatchObject({ status: 403, code: 'replay-forbidden' });
    expect(refused.text).not.toContain('private');
    allowed = { status: 404, body: 'no such charge' };
    expect(await send({ key: 'k' })).toMatchObject({ status: 404, text: 'no such charge' });
    expect(records).toEqual(Array(3).fill(['acct_1', 201]));
  });

  it('is not called for the first answer', async () => {
    const { send } = layerRig({ response: { authorizeReplay: () => false } });
    expect((await send({ key: 'k' })).text).toBe('run 1');
  });
});

describe('misuse is found by name at the first request', () => {
  it('the guard before authentication', async () => {
    const { send, runs, events } = layerRig({ principal: () => undefined });
    const answer = await send({ key: 'k' });
    expect(answer).toMatchObject({ status: 500, code: 'guard-before-authentication' });
    expect(answer.text).toContain('after authentication');
    expect(runs()).toBe(0);
    expect(events).toContainEqual({
      type: 'warning',
      code: 'guard-before-authentication',
      message: expect.stringContaining('after authentication'),
      docs: expect.stringContaining('#guard-before-authentication'),
    });
  });

  it('the body read before the guard', async () => {
    const { send, runs, warnings } = layerRig();
    expect(await send({ key: 'k', body: { kind: 'consumed' } })).toMatchObject({ status: 500, code: 'body-consumed' });
    expect([runs(), warnings()]).toEqual([0, ['body-consumed']]);
  });

  it('the guard mounted twice; once corrected, the same key runs', async () => {
    const { send, through, layer, warnings } = layerRig();
    const native = { tenant: 'acct_1' };
    const inner = through(layer.with({ key: { required: true } }));
    const outer = await send({ key: 'k', native }, async () => {
      const { status, text, headers } = await inner({ key: 'k', native });
      return captured(status, text, { headers });
    });
    expect(outer).toMatchObject({ status: 500, code: 'guard-mounted-twice' });
    expect(warnings()).toEqual(['guard-mounted-twice']);
    expect((await send({ key: 'k' })).status).toBe(201);
  });
});
