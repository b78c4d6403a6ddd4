import { describe, expect, it } from 'vitest';
import { idempotentFetch } from '../../src/client/index.ts';
import { clientRuntime } from '../../src/client/options.ts';
import { manualRuntime } from '../../src/testing/manual-clock.ts';
import { failure, mapStorage } from './client-kit.ts';
import { answer, hang, misbehave, own, problem, stall } from './misbehaving-server.ts';

const reason = new Error('the buyer went away');
const done = own(200, {}, 'charged');

describe('AbortSignal', () => {
  it('aborted before: nothing is sent and no key made', async () => {
    await using server = await misbehave(done);
    const client = idempotentFetch({ storage: 'memory' });
    const init = { method: 'POST', operation: 'o', signal: AbortSignal.abort(reason) };
    expect(await failure(client(server.url, init))).toBe(reason);
    expect(server.seen).toEqual([]);
    expect(await client.isPending('o')).toBe(false);
  });

  it('in the same turn as the call', async () => {
    await using server = await misbehave(done);
    const abort = new AbortController();
    const call = idempotentFetch({ storage: 'memory' })(server.url, {
      method: 'POST',
      operation: 'o',
      signal: abort.signal,
    });
    abort.abort(reason);
    expect(await failure(call)).toBe(reason);
    expect(server.seen).toEqual([]);
  });

  it.each([
    ['while the server is silent', hang],
    ['while the body is read', stall],
  ])('%s: the connection ends, the key is kept, and the next call continues with it', async (_moment, behaviour) => {
    const closed = Promise.withResolvers<void>();
    await using server = await misbehave((response, request) => {
      request.socket.once('close', closed.resolve);
      behaviour(response, request);
    }, done);
    const told: string[] = [];
    const client = idempotentFetch({ storage: mapStorage(), onEvent: ({ type }) => told.push(type) });
    const abort = new AbortController();
    const call = client(server.url, { method: 'POST', operation: 'o', signal: abort.signal });
    await server.arrived(1);
    abort.abort(reason);
    expect(await failure(call)).toBe(reason);
    await closed.promise;
    expect(await client.isPending('o')).toBe(true);
    await client(server.url, { method: 'POST', operation: 'o' });
    expect(server.seen[1]?.key).toBe(server.seen[0]?.key);
    expect(told).toEqual(['resumed']);
  });

  it('during the wait between attempts', async () => {
    await using server = await misbehave(answer(503, { 'Retry-After': '60' }));
    const abort = new AbortController();
    const runtime = manualRuntime();
    const client = idempotentFetch({
      storage: 'memory',
      runtime,
      onEvent: ({ type }) => type === 'retrying' && abort.abort(reason),
    });
    expect(await failure(client(server.url, { method: 'POST', operation: 'o', signal: abort.signal }))).toBe(reason);
    await runtime.settle();
    expect(runtime.pendingTimers()).toBe(0);
    expect(server.seen).toHaveLength(1);
    expect(await client.isPending('o')).toBe(true);
  });

  it("by a Request's own signal", async () => {
    await using server = await misbehave(hang);
    const abort = new AbortController();
    const request = new Request(server.url, { method: 'POST', body: 'x', signal: abort.signal });
    const call = idempotentFetch({ storage: 'memory' })(request, { operation: 'o' });
    await server.arrived(1);
    abort.abort(reason);
    expect(await failure(call)).toBe(reason);
  });

  it('when the answer has arrived but is not classified: the key is kept', async () => {
    await using server = await misbehave(done);
    const abort = new AbortController();
    const { timers, ...rest } = clientRuntime;
    const clear = (handle: unknown) => {
      abort.abort(reason);
      timers.clear(handle);
    };
    const client = idempotentFetch({ storage: 'memory', runtime: { ...rest, timers: { set: timers.set, clear } } });
    expect(await failure(client(server.url, { method: 'POST', operation: 'o', signal: abort.signal }))).toBe(reason);
    await new Promise(setImmediate);
    expect(await client.isPending('o')).toBe(true);
  });

  it.each([
    ['a final answer', done],
    ['a mismatch', problem(422, 'key-reused')],
  ])('too late while %s drops the key: the caller gets the outcome', async (_what, behaviour) => {
    await using server = await misbehave(behaviour);
    const abort = new AbortController();
    const storage = mapStorage();
    const removeItem = (name: string) => {
      abort.abort(reason);
      storage.removeItem(name);
    };
    const client = idempotentFetch({ storage: { ...storage, removeItem } });
    const init = { method: 'POST', operation: 'o', signal: abort.signal };
    const outcome = await client(server.url, init).catch((error: unknown) => error);
    expect(outcome).toMatchObject({ attempts: 1 });
    expect(abort.signal.aborted).toBe(true);
    expect(await client.isPending('o')).toBe(false);
  });

  it('after the answer changes nothing: the body was read', async () => {
    await using server = await misbehave(done);
    const abort = new AbortController();
    const client = idempotentFetch({ storage: 'memory' });
    const { response } = await client(server.url, { method: 'POST', operation: 'o', signal: abort.signal });
    abort.abort(reason);
    expect(await response.text()).toBe('charged');
  });
});
