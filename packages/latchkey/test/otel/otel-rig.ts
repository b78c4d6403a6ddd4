/** A guard with telemetry on the memory store; time and faults are controlled by the test. */

import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { GuardOptions } from '../../src/http/options.ts';
import { type TelemetryOptions, telemetry } from '../../src/otel/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { manualRuntime } from '../../src/testing/manual-clock.ts';
import { layerRig, type Native } from '../http/layer-rig.ts';
import { servedExporter } from './exposition.ts';

/** The options of telemetry and guard. */
export interface RigOptions {
  readonly telemetry?: Omit<TelemetryOptions, 'store'>;
  readonly guard?: Omit<Partial<GuardOptions<Native>>, 'store'>;
}

export async function otelRig({ telemetry: given, guard }: RigOptions = {}) {
  const runtime = manualRuntime();
  const { store: faulty, faults } = faultyStore(memoryStore({ runtime }), runtime);
  const { exporter, scrape } = await servedExporter();
  const spans = new InMemorySpanExporter();
  const { store, onEvent } = telemetry({
    store: faulty,
    meterProvider: new MeterProvider({ readers: [exporter] }),
    tracerProvider: new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }),
    runtime,
    ...given,
  });
  /** Each worker has an engine of its own, as a process has. */
  const worker = () => layerRig({ store, onEvent, runtime, log: false, ...guard });
  const { send, layer, through } = worker();
  /** Lets the record of a key lapse: its worker hangs. */
  const lapse = async (key: string) => {
    void worker().send({ key }, () => new Promise(() => {}));
    await runtime.settle();
    await runtime.advance(2_000);
  };
  return { runtime, faults, scrape, store, onEvent, worker, send, layer, through, lapse, spans };
}

/** The timing for records that lapse within two seconds. */
export const short = { leaseMs: 1_000, maxRunMs: 1_000 } as const;
