import { afterEach, expect, it, vi } from 'vitest';
import { hurried } from '../client/client-kit.ts';
import { misbehave, own } from '../client/misbehaving-server.ts';
import { captured, type Handler, layerRig } from './layer-rig.ts';

const recovery = '../../src/core/engine/recovery.ts';
const client = '../../src/client/step-fetch.ts';
const onDemand = '../../src/http/on-demand.ts';

/** Modules that are loaded on first use may be missing, for example in a deployment that is being replaced. */
function failing(module: string): void {
  vi.doMock(module, () => {
    throw new Error('The module is missing.');
  });
}

afterEach(() => {
  for (const module of [recovery, client, onDemand]) vi.doUnmock(module);
});

it('saves no step while the client behind context.fetch fails to load, and makes the call at the next retry', async () => {
  failing(client);
  await using provider = await misbehave(own(200));
  const { send } = layerRig({ afterFailure: 'rerun' });
  const handler: Handler = async (context) => {
    await context?.fetch('charge', provider.url, { method: 'POST' }, { runtime: hurried().runtime });
    return captured(201, 'charged');
  };
  await send({ key: 'k' }, handler).catch(() => undefined);
  expect(provider.seen).toHaveLength(0);
  vi.doUnmock(client);
  expect(await send({ key: 'k' }, handler)).toMatchObject({ status: 201, text: 'charged' });
  expect(provider.seen).toHaveLength(1);
});

it.each([
  ['the check of restored keys', { restored: { at: 0 } }],
  ['the code for references', { response: { reference: () => 'id', rebuild: () => 'rebuilt' } }],
  ['the code that saves requests', { afterFailure: 'rerun', request: { save: true } }],
] as const)('runs no handler while %s fails to load, and runs it at the next retry', async (_name, options) => {
  vi.resetModules();
  failing(onDemand);
  const { send, runs } = (await import('./layer-rig.ts')).layerRig(options);
  await expect(send({ key: 'k' })).rejects.toThrow();
  expect(runs()).toBe(0);
  vi.doUnmock(onDemand);
  expect(await send({ key: 'k' })).toMatchObject({ status: 201 });
});

it('replays no answer while the code for its authorization fails to load', async () => {
  vi.resetModules();
  failing(onDemand);
  const authorizeReplay = vi.fn(() => true);
  const { send } = (await import('./layer-rig.ts')).layerRig({ response: { authorizeReplay } });
  await send({ key: 'k' });
  await expect(send({ key: 'k' })).rejects.toThrow();
  vi.doUnmock(onDemand);
  expect((await send({ key: 'k' })).header('idempotent-replayed')).toBe('true');
  expect(authorizeReplay).toHaveBeenCalledTimes(1);
});

it('leaves a record lapsed while the code for the recover hook fails to load, and asks at the next retry', async () => {
  vi.resetModules();
  failing(recovery);
  const recover = vi.fn(() => ({ decision: 'respond', response: { status: 201, body: 'recovered' } }) as const);
  const options = { recover, timing: { leaseMs: 1_000, maxRunMs: 1_000 }, whenStoreDown: 'run-unprotected' } as const;
  const { send, events, runs, runtime } = (await import('./layer-rig.ts')).layerRig(options);
  void send({ key: 'k' }, () => new Promise(() => {}));
  await vi.waitUntil(() => runs() === 1);
  await runtime.advance(2_000);
  expect(await send({ key: 'k' })).toMatchObject({ status: 409, code: 'outcome-unknown' });
  expect(events.map(({ type }) => type)).toContain('handler-error');
  vi.doUnmock(recovery);
  expect(await send({ key: 'k' })).toMatchObject({ status: 201, text: 'recovered' });
  expect([runs(), recover.mock.calls.length]).toEqual([1, 1]);
});
