/** Reads the text format of Prometheus. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { onTestFinished } from 'vitest';

/** One series of a scrape. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Returns all series of a scrape, without the scope that each of them names. */
export function seriesOf(exposition: string): readonly Series[] {
  const lines = exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, name = '', list = '', value = ''] = /^([a-z_]+)(?:\{(.*)\})? (\S+)(?: \d+)?$/.exec(line) ?? [];
    const pairs = Array.from(list.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g), ([, label = '', text = '']) => [
      label,
      text,
    ]);
    const { otel_scope_name, ...labels } = Object.fromEntries(pairs);
    return { name, labels, value: Number(value) };
  });
}

/** The sum of the series with this name and these labels. */
export function sumOf(series: readonly Series[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  const wanted = Object.entries(labels);
  const found = series.filter(
    (one) => one.name === name && wanted.every(([label, text]) => one.labels[label] === text),
  );
  return found.reduce((sum, { value }) => sum + value, 0);
}

/** The exporter behind a server, and its address. */
export async function servedExporter(): Promise<{
  exporter: PrometheusExporter;
  scrape(): Promise<readonly Series[]>;
}> {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const server = createServer((request, response) => exporter.getMetricsRequestHandler(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return {
    exporter,
    scrape: async () => seriesOf(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
  };
}
