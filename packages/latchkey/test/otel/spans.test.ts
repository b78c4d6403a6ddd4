import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { captured } from '../http/layer-rig.ts';
import { otelRig, short } from './otel-rig.ts';

type Rig = Awaited<ReturnType<typeof otelRig>>;

/** The outcome of each span, and whether its status is that of an error. */
const seen = ({ spans }: Rig) =>
  spans
    .getFinishedSpans()
    .map(({ attributes, status }) => [attributes['latchkey.outcome'], status.code === SpanStatusCode.ERROR]);

it('ends a span for each request, named by its operation', async () => {
  const rig = await otelRig({ telemetry: { operations: ['POST /v1/charges'] } });
  await rig.send({ key: 'k' });
  await rig.send({ key: 'k' });
  const [executed, replayed] = rig.spans.getFinishedSpans();
  expect(executed).toMatchObject({
    name: 'latchkey POST /v1/charges',
    attributes: {
      'latchkey.operation': 'POST /v1/charges',
      'http.request.method': 'POST',
      'latchkey.attempt': 'first',
      'latchkey.outcome': 'executed',
    },
  });
  expect(replayed?.attributes).toEqual({
    'latchkey.operation': 'POST /v1/charges',
    'http.request.method': 'POST',
    'latchkey.outcome': 'replayed',
  });
});

describe('the status of a span', () => {
  it('is no error for a conflict, a mismatch, a replay, or a key that the client got wrong', async () => {
    const rig = await otelRig();
    await rig.send({ key: 'k' }, async () => {
      await rig.send({ key: 'k' });
      return captured(201);
    });
    await rig.send({ key: 'k', body: '{"other":1}' });
    await rig.send({ key: 'k' });
    await rig.send({ key: '' });
    expect(seen(rig)).toEqual([
      ['in-progress', false],
      ['executed', false],
      ['mismatch', false],
      ['replayed', false],
      ['refused', false],
    ]);
  });

  it('is an error if the outcome is unknown, the answer was not stored, or the store is down', async () => {
    const rig = await otelRig({ guard: { timing: short } });
    await rig.lapse('k');
    await rig.send({ key: 'k' });
    rig.faults.next('complete', { kind: 'fail' }, 1_000);
    const unstored = rig.send({ key: 'l' });
    await rig.runtime.advance(60_000);
    await unstored;
    rig.faults.next('claim', { kind: 'fail' }, 1_000);
    const refused = rig.send({ key: 'm' });
    await rig.runtime.advance(10_000);
    await refused;
    expect(seen(rig)).toEqual([
      ['lapsed', true],
      ['unstored', true],
      ['refused', true],
    ]);
  });
});

it('ends the span of a late handler apart from that of the request that took over', async () => {
  const rig = await otelRig({ guard: { afterFailure: 'rerun', timing: short } });
  let finish = () => {};
  const late = rig.worker().send({ key: 'k' }, async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return captured(201);
  });
  await rig.runtime.settle();
  await rig.runtime.advance(2_000);
  await rig.send({ key: 'k' });
  finish();
  await late;
  const attempts = rig.spans.getFinishedSpans().map(({ attributes }) => attributes['latchkey.attempt']);
  expect(attempts).toEqual(['takeover', 'first']);
  expect(seen(rig)).toEqual([
    ['taken-over', false],
    ['unstored', true],
  ]);
});

describe('under a span of the server', () => {
  beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
  afterAll(() => context.disable());

  it("is its child, also when the claim's answer came later", async () => {
    const rig = await otelRig();
    const parent = new BasicTracerProvider().getTracer('server').startSpan('POST /v1/charges');
    rig.faults.next('claim', { kind: 'delay', delayMs: 10 });
    const answered = context.with(trace.setSpan(context.active(), parent), () => rig.send({ key: 'k' }));
    await rig.runtime.advance(20);
    await answered;
    const [span] = rig.spans.getFinishedSpans();
    expect(span?.parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
  });
});
