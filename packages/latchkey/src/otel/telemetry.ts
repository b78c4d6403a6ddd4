/**
 * Turns events and store calls into metrics and spans.
 *
 * @module
 */

import { createNoopMeter, metrics, trace } from '@opentelemetry/api';
import type { EventListener, LatchkeyEvent } from '../core/events.ts';
import { readOptions } from '../core/options/read-options.ts';
import type { Runtime } from '../core/runtime.ts';
import { type AnyOperatorStore, checkOperatorStore } from '../core/store.ts';
import { createInstruments, type Instruments } from './instruments.ts';
import { observedStore } from './observed-store.ts';
import { type Attributes, operationAttributes } from './operation-attributes.ts';
import { type AnyStoreFace, type TelemetryOptions, telemetryTable } from './options.ts';
import { endingOf } from './outcomes.ts';
import { safely } from './safely.ts';
import { attemptKind, endingAttributes, Spans } from './spans.ts';
import { UnknownOutcomes } from './unknown-outcomes.ts';

const scope = 'latchkey';

/** The return value of {@link telemetry}. */
export interface Telemetry<S> {
  /** The same store, whose calls are measured. Use it in place of the other everywhere, also for the operator. */
  readonly store: S;
  /** For the option `onEvent` of guards, functions and completers of this store. */
  readonly onEvent: EventListener;
}

/**
 * Creates metrics and spans with `@opentelemetry/api`. An exporter or provider that fails never affects a request;
 * faults are reported to the diagnostic logger of OpenTelemetry (`diag`). No key, body, principal or reference of a
 * record is in an attribute, and all values of attributes are from closed sets. Metrics and attributes:
 * docs/telemetry.md.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 * @example
 * ```ts
 * const { store, onEvent } = telemetry({ store: redisStore({ client }), operations: ['POST /v1/charges'] })
 * const guard = idempotency({ store, onEvent, principal: (request) => request.auth.accountId })
 * ```
 */
export function telemetry<S extends AnyStoreFace>(options: TelemetryOptions<S>): Telemetry<S> {
  const { operations, countUnknown, meterProvider, tracerProvider, runtime } = readOptions(
    'telemetry()',
    telemetryTable,
    options,
  );
  const { store } = options;
  const instruments =
    safely(() => createInstruments((meterProvider ?? metrics).getMeter(scope))) ?? createInstruments(createNoopMeter());
  const tracer = safely(() => (tracerProvider ?? trace).getTracer(scope));
  const spans = tracer && new Spans(tracer);
  if (countUnknown) observeUnknown(store, instruments, runtime);
  return {
    store: observedStore(store, runtime.clock, recordCalls(store.name, instruments)),
    onEvent: listener(instruments, spans, operationAttributes(operations)),
  };
}

function listener(
  instruments: Instruments,
  spans: Spans | undefined,
  attributesOf: (name: string) => Attributes,
): EventListener {
  return (event) => {
    if (!('operation' in event)) return;
    const attributes = attributesOf(event.operation);
    safely(() => countEvent(event, instruments, attributes));
    safely(() => {
      const ending = endingOf(event);
      if (event.type === 'claimed') spans?.begin(event, attributes);
      else if (ending !== undefined) spans?.end(event, ending, attributes);
    });
  };
}

function countEvent(event: LatchkeyEvent, instruments: Instruments, attributes: Attributes): void {
  const { requests, attempts, duplicates, leaseLosses } = instruments;
  const ending = endingOf(event);
  if (ending !== undefined) requests.add(1, { ...attributes, ...endingAttributes(ending) });
  switch (event.type) {
    case 'claimed':
      attempts.add(1, { ...attributes, 'latchkey.attempt': attemptKind(event) });
      break;
    case 'lease-lost':
      leaseLosses.add(1, { ...attributes, 'latchkey.reason': event.reason });
      break;
    case 'replayed':
    case 'in-progress':
    case 'outcome-unknown':
      duplicates.add(1, attributes);
  }
}

function recordCalls(name: string, { storeDuration }: Instruments) {
  return (call: string, seconds: number, error?: string): void => {
    const attributes = { 'latchkey.store': name, 'latchkey.call': call, ...(error && { 'error.type': error }) };
    safely(() => storeDuration.record(seconds, attributes));
  };
}

/** @throws LatchkeyError `option-invalid` for a store that is not an OperatorStore. */
function observeUnknown(store: AnyStoreFace, { unknownOutcomes }: Instruments, runtime: Runtime): void {
  checkOperatorStore('telemetry() with countUnknown', store);
  const unknown = new UnknownOutcomes(store as unknown as AnyOperatorStore, runtime);
  const attributes = { 'latchkey.store': store.name };
  safely(() =>
    unknownOutcomes.addCallback((result) => {
      const count = unknown.count();
      if (count !== undefined) result.observe(count, attributes);
    }),
  );
}
