import { diag, type MeterProvider, type TracerProvider } from '@opentelemetry/api';
import { MeterProvider as SdkMeterProvider } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterEach, expect, it } from 'vitest';
import { captured } from '../http/layer-rig.ts';
import { otelRig, type RigOptions, short } from './otel-rig.ts';

const broken = () => {
  throw new Error('telemetry is broken');
};

/** Every use of it, or of what it returns after `depth` calls, throws. */
function brokenAfter(depth: number): object {
  const next = () => (depth === 0 ? broken() : brokenAfter(depth - 1));
  return new Proxy({ getMeter: next, getTracer: next }, { get: () => next });
}

const rejecting = { export: broken, shutdown: broken, forceFlush: broken };

const cases: Readonly<Record<string, RigOptions['telemetry']>> = {
  'providers that throw at once': {
    meterProvider: brokenAfter(0) as MeterProvider,
    tracerProvider: brokenAfter(0) as TracerProvider,
  },
  'a meter and a tracer that throw': {
    meterProvider: brokenAfter(1) as MeterProvider,
    tracerProvider: brokenAfter(1) as TracerProvider,
  },
  'instruments and spans that throw': {
    meterProvider: brokenAfter(2) as MeterProvider,
    tracerProvider: brokenAfter(2) as TracerProvider,
  },
  'a span processor and an exporter that throw': {
    tracerProvider: new BasicTracerProvider({
      spanProcessors: [{ onStart: broken, onEnd: broken, forceFlush: broken, shutdown: broken }],
    }),
  },
  'a span exporter that throws': {
    tracerProvider: new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(rejecting)] }),
  },
  'a provider that was shut down': { meterProvider: new SdkMeterProvider() },
};

afterEach(() => diag.disable());

it.each(Object.entries(cases))('requests are answered as without telemetry: %s', async (_name, telemetry) => {
  diag.setLogger({ error: broken, warn: broken, info: broken, debug: broken, verbose: broken });
  if (telemetry?.meterProvider instanceof SdkMeterProvider) await telemetry.meterProvider.shutdown();
  const rig = await otelRig({ telemetry: { ...telemetry, countUnknown: true }, guard: { timing: short } });
  const statuses = [];
  for (const sent of [{ key: 'k' }, { key: 'k' }, { key: 'k', body: '[]' }, { key: '' }])
    statuses.push((await rig.send(sent, () => captured(201, 'charged'))).status);
  await rig.lapse('l');
  statuses.push((await rig.send({ key: 'l' })).status);
  expect(statuses).toEqual([201, 201, 422, 400, 409]);
});

it('reports its faults to the diagnostic logger', async () => {
  const reported: unknown[] = [];
  const note = (...args: readonly unknown[]) => void reported.push(args[0]);
  diag.setLogger({ error: note, warn: note, info: note, debug: note, verbose: note });
  const rig = await otelRig({ telemetry: { tracerProvider: brokenAfter(1) as TracerProvider } });
  await rig.send({ key: 'k' });
  expect(reported).toContain('latchkey: telemetry failed');
});
