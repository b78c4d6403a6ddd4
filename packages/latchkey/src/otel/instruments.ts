/**
 * The instruments of all metrics.
 *
 * @module
 */

import type { Counter, Histogram, Meter, ObservableGauge } from '@opentelemetry/api';

/** See docs/telemetry.md. */
export interface Instruments {
  readonly requests: Counter;
  readonly attempts: Counter;
  readonly duplicates: Counter;
  readonly leaseLosses: Counter;
  readonly storeDuration: Histogram;
  readonly unknownOutcomes: ObservableGauge;
}

/** Bounds in seconds, from a store in memory to the default time limit of a claim. Older SDKs ignore them. */
const explicitBucketBoundaries = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
];

/** Creates them. The SDK gives the same ones for the same names. */
export function createInstruments(meter: Meter): Instruments {
  return {
    requests: meter.createCounter('latchkey.requests', {
      unit: '{request}',
      description: 'Requests and calls with a key, by outcome.',
    }),
    attempts: meter.createCounter('latchkey.attempts', {
      unit: '{attempt}',
      description: 'Attempts that began: the first, one after a release, or one that took over.',
    }),
    duplicates: meter.createCounter('latchkey.duplicates_prevented', {
      unit: '{request}',
      description: 'Requests whose operation had begun before, and that did not run it again.',
    }),
    leaseLosses: meter.createCounter('latchkey.lease_losses', {
      unit: '{lease}',
      description: 'Leases that ended while the handler ran, by reason.',
    }),
    storeDuration: meter.createHistogram('latchkey.store.duration', {
      unit: 's',
      description: 'Duration of calls of the store.',
      advice: { explicitBucketBoundaries },
    }),
    unknownOutcomes: meter.createObservableGauge('latchkey.unknown_outcomes', {
      unit: '{record}',
      description: 'Lapsed records, which wait for a retry, a completer or a person.',
    }),
  };
}
