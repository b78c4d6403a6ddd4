/**
 * The options of `telemetry`.
 *
 * @module
 */

import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { storeRule } from '../core/options/common.ts';
import { arrayOf, flag, isObjectWith, isText, must, type OptionTable, runtimeOr } from '../core/options/rules.ts';
import { type Runtime, systemRuntime } from '../core/runtime.ts';
import type { AnyStore } from '../core/store.ts';

/** A store of any kind, as far as `telemetry` needs it. */
export type AnyStoreFace = Pick<AnyStore, 'name' | 'claim' | 'complete'>;

/** Options of `telemetry`. */
export interface TelemetryOptions<S extends AnyStoreFace = AnyStoreFace> {
  /** The store of the guards and functions. */
  readonly store: S;
  /**
   * The values of the attribute `latchkey.operation`: a method and a path, in which `:name` matches one segment, or the
   * name of a function. Other operations count as `_OTHER`, so that no path with an id becomes a value. Without it,
   * metrics and spans have only the method.
   */
  readonly operations?: readonly string[];
  /**
   * Whether the records whose outcome is unknown are counted, for `latchkey.unknown_outcomes`. It needs an
   * `OperatorStore`, and reads at most about 1,000 records every 15 seconds. One process of an application is enough.
   * Default false.
   */
  readonly countUnknown?: boolean;
  /** Creates the metrics. Default: the global one, which must be set before. */
  readonly meterProvider?: MeterProvider;
  /** Creates the spans. Default: the global one. */
  readonly tracerProvider?: TracerProvider;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
}

/** The option table. */
export const telemetryTable = {
  store: storeRule,
  operations: arrayOf<string>('methods and paths, or names of functions', (item) => isText(item) && item !== ''),
  countUnknown: flag(false),
  meterProvider: must('a MeterProvider of OpenTelemetry', isObjectWith('getMeter')),
  tracerProvider: must('a TracerProvider of OpenTelemetry', isObjectWith('getTracer')),
  runtime: runtimeOr(systemRuntime),
} satisfies OptionTable<TelemetryOptions>;
