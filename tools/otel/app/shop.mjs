// A guarded server with telemetry by the global providers of one release of the SDK. It sends itself a few requests, and
// prints what was scraped and traced.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { memoryStore } from 'latchkey/memory';
import { idempotency } from 'latchkey/node';
import { telemetry } from 'latchkey/otel';

const listening = async (listener) => {
  const server = createServer(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${server.address().port}`;
};

/** Release 3 has its tracer under another name than earlier ones. */
async function tracing() {
  if (process.env.RELEASE === 'otel3') {
    const { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } = await import('@opentelemetry/sdk-trace');
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
    return { exporter, provider };
  }
  const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = await import(
    '@opentelemetry/sdk-trace-base'
  );
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider();
  provider.addSpanProcessor(new SimpleSpanProcessor(exporter));
  return { exporter, provider };
}

const prometheus = new PrometheusExporter({ preventServerStart: true });
const meterProvider = new MeterProvider({ readers: [prometheus] });
meterProvider.addMetricReader?.(prometheus);
const { exporter, provider } = await tracing();
metrics.setGlobalMeterProvider(meterProvider);
trace.setGlobalTracerProvider(provider);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

const { store, onEvent } = telemetry({ store: memoryStore(), operations: ['POST /charges'], countUnknown: true });
const guard = idempotency({ store, onEvent, principal: () => 'tenant', log: false });
const tracer = trace.getTracer('server');
const shop = await listening((request, response) =>
  tracer.startActiveSpan('server', (span) => {
    response.once('close', () => span.end());
    void guard.wrap((_request, answered) => answered.writeHead(201).end('charged'))(request, response);
  }),
);
const metricsOrigin = await listening((request, response) => prometheus.getMetricsRequestHandler(request, response));
const scrape = async () => (await fetch(metricsOrigin)).text();

for (const body of ['a', 'a', 'a', 'b']) {
  const sent = { method: 'POST', headers: { 'idempotency-key': 'k' }, body };
  await (await fetch(`${shop}/charges`, sent)).text();
}
await scrape();
const spans = exporter.getFinishedSpans().filter(({ name }) => name !== 'server');
const traced = spans.map(({ name, attributes, status, ...span }) => ({
  name,
  outcome: attributes['latchkey.outcome'],
  status: status.code,
  isChild: (span.parentSpanId ?? span.parentSpanContext?.spanId) !== undefined,
}));
console.log(JSON.stringify({ scraped: await scrape(), traced }));
process.exit(0);
