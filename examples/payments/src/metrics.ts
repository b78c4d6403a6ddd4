import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { telemetry } from 'latchkey/otel';
import type { Observe } from './records.ts';

/** The metrics of all guards, for Prometheus. */
export interface Metrics {
  readonly observe: Observe;
  close(): Promise<void>;
}

const operations = [
  'POST /v1/charges',
  'POST /v1/orders',
  'POST /checkout',
  'POST /checkout/payments',
  'POST /orders/place',
  'POST /orders/placements',
];

/** Serves `/metrics` on this port, for this machine only. */
export async function openMetrics(port: number): Promise<Metrics> {
  const exporter = new PrometheusExporter({ host: '127.0.0.1', port, preventServerStart: true });
  await exporter.startServer();
  const meterProvider = new MeterProvider({ readers: [exporter] });
  return {
    observe: (store) => telemetry({ store, operations, countUnknown: true, meterProvider }),
    close: () => meterProvider.shutdown(),
  };
}
