import { describe, expect, it } from 'vitest';
import type { ClientEvent } from '../../src/client/client-events.ts';
import { systemRuntime } from '../../src/core/runtime.ts';
import { hurried } from '../client/client-kit.ts';
import { answer, drop, hang, misbehave, own, problem } from '../client/misbehaving-server.ts';
import { captured, type Handler, layerRig } from './layer-rig.ts';

const post = { method: 'POST', body: 'amount=2000' };
const rerun = { afterFailure: 'rerun', key: { required: true } } as const;

/** Charges, records the response, and fails afterwards in its first run. */
function charging(url: string, seen: unknown[], options: object = {}): Handler {
  const { runtime, onEvent } = hurried();
  return async (context, run) => {
    const response = await context?.fetch('charge', url, post, { runtime, onEvent, ...options });
    const headers = Array.from(response?.headers ?? []);
    seen.push([
      response?.status,
      headers,
      Buffer.from(await (response ?? new Response()).arrayBuffer()).toString('hex'),
    ]);
    return run === 1 ? captured(500, 'crash') : captured(201, 'done');
  };
}

describe('context.fetch', () => {
  it('calls once; both attempts of the operation get the same response', async () => {
    const body = Buffer.from([0, 255, 128, 10]);
    await using provider = await misbehave((response) =>
      response
        .writeHead(402, { 'content-type': 'image/x', 'set-cookie': 's=1', 'keep-alive': 'timeout=5', 'x-id': 'ch_1' })
        .end(body),
    );
    const { send } = layerRig(rerun);
    const seen: unknown[] = [];
    expect(await send({ key: 'k' }, charging(provider.url, seen))).toMatchObject({ status: 500 });
    expect(await send({ key: 'k' }, charging(provider.url, seen))).toMatchObject({ status: 201 });
    expect(provider.seen).toHaveLength(1);
    expect(seen[0]).toMatchObject([
      402,
      expect.arrayContaining([
        ['content-type', 'image/x'],
        ['x-id', 'ch_1'],
      ]),
      '00ff800a',
    ]);
    expect(JSON.stringify(seen[0])).not.toMatch(/set-cookie|keep-alive/);
    expect(seen[1]).toEqual(seen[0]);
  });

  it('sends the same key at every try and attempt, and another for another operation', async () => {
    await using provider = await misbehave(drop, answer(500), problem(409, 'in-progress'), own(200), drop, own(200));
    const { send } = layerRig(rerun);
    const seen: unknown[] = [];
    const lost: Handler = async (context) => {
      const { runtime } = hurried();
      await context?.fetch('charge', provider.url, post, { runtime, maxAttempts: 1 });
      return captured(200);
    };
    expect(await send({ key: 'k' }, lost)).toMatchObject({ status: 500 });
    expect(await send({ key: 'k' }, charging(provider.url, seen))).toMatchObject({ status: 201 });
    expect(await send({ key: 'other' }, charging(provider.url, seen))).toMatchObject({ status: 201 });
    const [first, ...more] = provider.seen.map(({ key }) => key);
    expect(first).toMatch(/^"[0-9a-f-]{36}"$/);
    expect(more.slice(0, 3)).toEqual([first, first, first]);
    expect(new Set(more.slice(3)).size).toBe(1);
    expect(more[3]).not.toBe(first);
  });

  it('does not save an answer that is not final: the next attempt sends the request again', async () => {
    await using provider = await misbehave(answer(401), answer(200));
    const { send, events } = layerRig(rerun);
    const seen: unknown[] = [];
    await send({ key: 'k' }, charging(provider.url, seen));
    expect(seen).toEqual([]);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'handler-error', error: expect.objectContaining({ name: 'NoAnswerError' }) }),
    );
    await send({ key: 'k' }, charging(provider.url, seen));
    expect(provider.seen).toHaveLength(2);
    expect(seen).toMatchObject([[200, expect.anything(), '']]);
  });

  it.each(['released', 'released, with an error of the application around'])(
    "does not take a firewall's 403 for the provider's answer when an earlier attempt went unanswered: %s",
    async (how) => {
      await using provider = await misbehave(drop, answer(403), own(200));
      const { send } = layerRig(rerun);
      const once: Handler = async (context) => {
        const call = context?.fetch('charge', provider.url, post, { maxAttempts: 1 });
        const response = await call?.catch((error: Error) => {
          throw how === 'released' ? error : new Error('no charge', { cause: error });
        });
        return captured(response?.status ?? 0);
      };
      expect(await send({ key: 'k' }, once)).toMatchObject({ status: 500 });
      expect(await send({ key: 'k' }, once)).toMatchObject({ status: 500 });
      expect(await send({ key: 'k' }, once)).toMatchObject({ status: 200 });
      expect(new Set(provider.seen.map(({ key }) => key)).size).toBe(1);
    },
  );

  it("does not take a firewall's 403 for the provider's answer after the worker died", async () => {
    await using provider = await misbehave(hang, answer(403), own(200));
    const { send, runtime } = layerRig({ ...rerun, timing: { maxRunMs: 1_000 } });
    const once: Handler = async (context) => {
      const response = await context?.fetch('charge', provider.url, post, { maxAttempts: 1, runtime: systemRuntime });
      return captured(response?.status ?? 0);
    };
    const dead = send({ key: 'k' }, once);
    await provider.arrived(1);
    await runtime.advance(60_000);
    expect(await dead).toMatchObject({ status: 500 });
    expect(await send({ key: 'k' }, once)).toMatchObject({ status: 500 });
    expect(await send({ key: 'k' }, once)).toMatchObject({ status: 200 });
  });

  it('accepts an unmarked answer when the earlier attempt failed before the call', async () => {
    await using provider = await misbehave(answer(402));
    const { send } = layerRig(rerun);
    const handler: Handler = async (context, run) => {
      if (run === 1) return captured(500);
      return captured((await context?.fetch('charge', provider.url, post, { maxAttempts: 1 }))?.status ?? 0);
    };
    expect(await send({ key: 'k' }, handler)).toMatchObject({ status: 500 });
    expect(await send({ key: 'k' }, handler)).toMatchObject({ status: 402 });
  });

  it('keeps answers up to a limit', async () => {
    await using provider = await misbehave(answer(200, {}, 'x'.repeat(200 * 1024)));
    const { send, events } = layerRig(rerun);
    await send({ key: 'k' }, charging(provider.url, []));
    expect(events).toContainEqual(
      expect.objectContaining({ error: expect.objectContaining({ code: 'response-too-large', operation: 'charge' }) }),
    );
    const seen: unknown[] = [];
    const { send: generous } = layerRig({ ...rerun, steps: { maxBytes: 300 * 1024 } });
    await generous({ key: 'k' }, charging(provider.url, seen, { maxResponseBytes: 250 * 1024 }));
    expect(seen).toHaveLength(1);
  });

  it.each([204, 205, 304])('returns a response without a body for %i', async (status) => {
    await using provider = await misbehave(answer(status));
    const seen: unknown[] = [];
    const { send } = layerRig(rerun);
    for (const _ of [1, 2]) await send({ key: 'k' }, charging(provider.url, seen));
    expect(seen).toMatchObject([
      [status, expect.anything(), ''],
      [status, expect.anything(), ''],
    ]);
  });

  it("uses the timers of the guard's runtime", async () => {
    await using provider = await misbehave(answer(503, { 'retry-after': '60' }), answer(200, {}, 'charged'));
    const { send, runtime } = layerRig({ ...rerun, timing: { leaseMs: 600_000 } });
    const waiting = Promise.withResolvers<number>();
    const answered = send({ key: 'k' }, async (context) => {
      const onEvent = (event: ClientEvent) => event.type === 'retrying' && waiting.resolve(event.delayMs);
      const response = await context?.fetch('charge', provider.url, post, { onEvent });
      return captured(200, await response?.text());
    });
    await runtime.advance(await waiting.promise);
    expect(await answered).toMatchObject({ text: 'charged' });
  });
});
