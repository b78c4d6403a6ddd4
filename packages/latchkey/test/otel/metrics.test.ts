import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../src/core/errors.ts';
import { idempotent } from '../../src/index.ts';
import { outcomes } from '../../src/otel/index.ts';
import { captured } from '../http/layer-rig.ts';
import { type Series, sumOf } from './exposition.ts';
import { otelRig, type RigOptions, short } from './otel-rig.ts';

const requests = 'latchkey_requests_total';

type Rig = Awaited<ReturnType<typeof otelRig>>;

/** The outcomes that were counted, with their numbers. */
function counted(series: readonly Series[]): Readonly<Record<string, number>> {
  const found = series.filter(({ name }) => name === requests);
  const names = [...new Set(found.map(({ labels }) => labels['latchkey_outcome'] ?? ''))];
  return Object.fromEntries(names.map((outcome) => [outcome, sumOf(found, requests, { latchkey_outcome: outcome })]));
}

describe('requests are counted once, by their outcome:', () => {
  /** What a test does, and what must have been counted. */
  const cases: Readonly<
    Record<string, [RigOptions, (rig: Rig) => Promise<unknown>, Readonly<Record<string, number>>]>
  > = {
    'executed and replayed': [
      {},
      async ({ send }) => {
        for (let time = 0; time < 3; time += 1) expect((await send({ key: 'k' })).status).toBe(201);
      },
      { executed: 1, replayed: 2 },
    ],
    'executed, also if the handler fails or its record is released': [
      { guard: { afterFailure: 'rerun' } },
      async ({ send }) => {
        expect((await send({ key: 'k' }, () => Promise.reject(new Error('no')))).status).toBe(500);
        expect((await send({ key: 'k' })).status).toBe(201);
      },
      { executed: 2 },
    ],
    mismatch: [
      {},
      async ({ send }) => {
        await send({ key: 'k' });
        expect((await send({ key: 'k', body: '{"other":1}' })).status).toBe(422);
      },
      { executed: 1, mismatch: 1 },
    ],
    'in-progress': [
      {},
      async ({ send }) => {
        await send({ key: 'k' }, async () => {
          expect((await send({ key: 'k' })).status).toBe(409);
          return captured(201);
        });
      },
      { executed: 1, 'in-progress': 1 },
    ],
    lapsed: [
      { guard: { timing: short } },
      async (rig) => {
        await rig.lapse('k');
        expect((await rig.send({ key: 'k' })).status).toBe(409);
      },
      { lapsed: 1 },
    ],
    'lapsed, if a recover hook leaves the record to a person': [
      { guard: { timing: short, recover: () => ({ decision: 'leave' }) } },
      async (rig) => {
        await rig.lapse('k');
        expect((await rig.send({ key: 'k' })).status).toBe(409);
      },
      { lapsed: 1 },
    ],
    'taken-over': [
      { guard: { afterFailure: 'rerun', timing: short } },
      async (rig) => {
        await rig.lapse('k');
        expect((await rig.worker().send({ key: 'k' })).status).toBe(201);
      },
      { 'taken-over': 1 },
    ],
    'taken-over, if a recover hook answers': [
      {
        guard: { timing: short, recover: () => ({ decision: 'respond', response: { status: 201, body: 'found' } }) },
      },
      async (rig) => {
        await rig.lapse('k');
        expect((await rig.send({ key: 'k' })).status).toBe(201);
      },
      { 'taken-over': 1 },
    ],
    unstored: [
      {},
      async ({ send, faults, runtime }) => {
        faults.next('complete', { kind: 'fail' }, 1_000);
        const answered = send({ key: 'k' });
        await runtime.advance(60_000);
        expect((await answered).status).toBe(201);
      },
      { unstored: 1 },
    ],
    unprotected: [
      { guard: { whenStoreDown: 'run-unprotected' } },
      async ({ send, faults, runtime }) => {
        faults.next('claim', { kind: 'fail' }, 1_000);
        const answered = send({ key: 'k' });
        await runtime.advance(10_000);
        expect((await answered).status).toBe(201);
      },
      { unprotected: 1 },
    ],
    'refused, for each reason': [
      { guard: { key: { required: true }, restored: { at: 0, unknownKeys: 'refuse' } } },
      async ({ send, faults, runtime, layer, through }) => {
        expect((await send({})).status).toBe(400);
        expect((await send({ key: '' })).status).toBe(400);
        expect((await send({ key: 'k' })).status).toBe(409);
        faults.next('read', { kind: 'fail' }, 1_000);
        const unread = send({ key: 'k' });
        await runtime.advance(10_000);
        expect((await unread).status).toBe(503);
        const usual = through(layer.with({ restored: false }));
        faults.next('claim', { kind: 'fail' }, 1_000);
        const unclaimed = usual({ key: 'l' });
        await runtime.advance(10_000);
        expect((await unclaimed).status).toBe(503);
        await layer.shutdown();
        expect((await usual({ key: 'm' })).status).toBe(503);
      },
      { refused: 6 },
    ],
  };

  it.each(Object.entries(cases))('%s', async (_name, [options, act, expected]) => {
    const rig = await otelRig(options);
    await act(rig);
    expect(counted(await rig.scrape())).toEqual(expected);
  });
});

it('says why requests were refused', async () => {
  const { send, scrape, layer } = await otelRig({ guard: { key: { required: true } } });
  await send({});
  await send({ key: '' });
  await layer.shutdown();
  await send({ key: 'k' });
  const codes = (await scrape()).filter(({ name }) => name === requests).map(({ labels }) => labels['latchkey_code']);
  expect(codes).toEqual(['key-missing', 'key-invalid', 'shutting-down']);
});

it('counts attempts by how they came by the record, lost leases by their end, and prevented duplicates', async () => {
  const rig = await otelRig({ guard: { afterFailure: 'rerun', timing: short } });
  const { send, scrape } = rig;
  await send({ key: 'released' }, () => captured(500));
  await send({ key: 'released' });
  await rig.lapse('lapsed');
  await send({ key: 'lapsed' });
  for (const key of ['released', 'lapsed', 'lapsed']) await send({ key });
  const series = await scrape();
  const kinds = series.filter(({ name }) => name === 'latchkey_attempts_total');
  expect(Object.fromEntries(kinds.map(({ labels, value }) => [labels['latchkey_attempt'], value]))).toEqual({
    first: 2,
    retry: 1,
    takeover: 1,
  });
  expect(sumOf(series, 'latchkey_lease_losses_total', { latchkey_reason: 'max-run' })).toBe(1);
  expect(sumOf(series, 'latchkey_duplicates_prevented_total')).toBe(3);
});

it('names the operation by its pattern, and everything else by a constant', async () => {
  const operations = ['POST /v1/orders/:id/pay', 'POST /v1/orders/first/pay', 'send-mail'];
  const rig = await otelRig({ telemetry: { operations }, guard: { methods: ['POST', 'LOCK'] } });
  const { send, scrape, store, onEvent, runtime } = rig;
  for (const id of ['o1', 'o2', 'first']) await send({ key: `key-${id}`, target: `/v1/orders/${id}/pay` });
  await send({ key: 'k', target: '/v1/secret' });
  await send({ key: 'k', target: '/v1/secret', method: 'LOCK' });
  const mail = idempotent(() => 'sent', { name: 'send-mail', store, onEvent, runtime, key: (to: string) => to });
  await mail('a@shop.test');
  const found = (await scrape()).filter(({ name }) => name === requests);
  const seen = found.map(({ labels, value }) => [labels['http_request_method'], labels['latchkey_operation'], value]);
  expect(seen).toEqual([
    ['POST', 'POST /v1/orders/:id/pay', 2],
    ['POST', 'POST /v1/orders/first/pay', 1],
    ['POST', '_OTHER', 1],
    ['_OTHER', '_OTHER', 1],
    [undefined, 'send-mail', 1],
  ]);
});

it('has only values of closed sets in attributes, whatever requests contain', async () => {
  const rig = await otelRig({ guard: { key: { required: true }, afterFailure: 'rerun', timing: short } });
  const { send, scrape, faults, runtime, spans } = rig;
  for (let at = 0; at < 50; at += 1) {
    const secret = `secret-${at}`;
    await send({ key: secret, target: `/${secret}`, body: `"${secret}"`, tenant: secret });
    await send({ key: secret, target: `/${secret}`, body: `"${secret}!"`, tenant: secret });
  }
  await send({ key: 'secret', target: '/secret' }, () => Promise.reject(new Error('secret')));
  await send({ target: '/secret' });
  await rig.lapse('secret-lapsed');
  await send({ key: 'secret-lapsed' });
  faults.next('claim', { kind: 'fail' }, 1_000);
  const down = send({ key: 'secret-down' });
  await runtime.advance(10_000);
  await down;
  const allowed: readonly string[] = [
    ...outcomes,
    ...errorCodes,
    ...['POST', '_OTHER', 'first', 'retry', 'takeover', 'memory'],
    ...['taken-over', 'deadline', 'max-run', 'shutdown'],
    ...['claim', 'renew', 'complete', 'release', 'abandon'],
  ];
  const series = (await scrape()).filter(({ name }) => name !== 'target_info');
  const labels = series.flatMap(({ labels: { le, ...others } }) => Object.values(others));
  const attributes = spans.getFinishedSpans().flatMap((span) => Object.values(span.attributes).map(String));
  expect(labels.length).toBeGreaterThan(20);
  expect(attributes.length).toBeGreaterThan(200);
  expect([...new Set([...labels, ...attributes])].filter((text) => !allowed.includes(text))).toEqual([]);
  expect(JSON.stringify(spans.getFinishedSpans().map(({ name, events }) => [name, events]))).not.toContain('secret');
});

it('measures every call of the store, with the code of its error', async () => {
  const { send, scrape, faults, runtime, store } = await otelRig();
  await send({ key: 'k' });
  await send({ key: 'k' });
  faults.next('claim', { kind: 'fail' });
  const retried = send({ key: 'l' });
  await runtime.advance(2_000);
  await retried;
  await store.ping();
  const series = await scrape();
  const calls = (call: string, more = {}) =>
    sumOf(series, 'latchkey_store_duration_count', { latchkey_store: 'memory', latchkey_call: call, ...more });
  expect([calls('claim'), calls('complete'), calls('ping')]).toEqual([4, 2, 1]);
  expect(calls('claim', { error_type: 'store-unavailable' })).toBe(1);
});
