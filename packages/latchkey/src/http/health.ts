/**
 * Examines the store of a guard, for readiness probes.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import { type Runtime, systemRuntime } from '../core/runtime.ts';
import type { StoreFinding } from '../core/store.ts';
import { clockOffset } from '../core/support/clock-offset.ts';
import { withTimeLimit } from '../core/support/store-call.ts';
import type { Guard } from './request/route.ts';

/** The state of a guard and its store, as JSON. */
export interface Health {
  /** True if new operations can run: the store answers, its tables fit, and the server is not shutting down. */
  readonly ok: boolean;
  readonly shuttingDown: boolean;
  readonly store: {
    readonly name: string;
    /** Whether it answered, also if with the error that its tables are missing or do not fit. */
    readonly reachable: boolean;
    /** Duration of its `ping`. */
    readonly latencyMs: number;
    /** The code of the ping's error. */
    readonly error?: string;
  };
  /** Whether the tables are those that this version needs; `unknown` if the store does not answer. */
  readonly migrations: 'applied' | 'missing' | 'mismatch' | 'unknown';
  /**
   * How much the store's clock is ahead of this machine's, beyond the duration of the call. Absent if the store uses the
   * clock of this machine, or gave no answer. Leases follow the store's clock.
   */
  readonly clockOffsetMs?: number;
  /** What may lose records, as reported by the store's `doctor`, without the address of the server. */
  readonly findings: readonly Omit<StoreFinding, 'server'>[];
}

/** Time limit for each call; all calls are made at the same time. */
const limitMs = 5_000;

type HealthGuard = Pick<Guard<never, never>, 'store' | 'runtime' | 'isClosing'>;

/** Never rejects. Takes at most five seconds. */
export async function healthOf({ store, runtime = systemRuntime, isClosing }: HealthGuard): Promise<Health> {
  const now = store.now?.bind(store);
  const [ping, clockOffsetMs, findings] = await Promise.all([
    pinged(store, runtime),
    now && answered(runtime, () => clockOffset(runtime.clock, now)).catch(() => undefined),
    answered(runtime, async () => (await store.doctor?.()) ?? []).catch(() => []),
  ]);
  const migrations = migrationsAfter(ping.error);
  return {
    ok: migrations === 'applied' && !isClosing,
    shuttingDown: isClosing,
    store: { name: store.name, reachable: migrations !== 'unknown', ...ping },
    migrations,
    ...(clockOffsetMs !== undefined && { clockOffsetMs }),
    findings: findings.map(({ code, message }) => ({ code, message })),
  };
}

/** The duration of a ping, and the code of its error. */
async function pinged(store: HealthGuard['store'], runtime: Runtime): Promise<{ latencyMs: number; error?: string }> {
  const startMs = runtime.clock.monotonic();
  const failure = await answered(runtime, () => store.ping()).then(() => undefined, failureOf);
  return { latencyMs: Math.round(runtime.clock.monotonic() - startMs), ...failure };
}

/** Async, so that a store that throws is handled like one that rejects. */
function answered<T>(runtime: Runtime, call: () => Promise<T>): Promise<T> {
  return withTimeLimit(runtime, limitMs, (async () => call())());
}

function failureOf(error: unknown): { error: string } {
  return { error: error instanceof LatchkeyError ? error.code : 'store-unavailable' };
}

function migrationsAfter(error: string | undefined): Health['migrations'] {
  if (error === undefined) return 'applied';
  if (error === 'schema-missing') return 'missing';
  return error === 'schema-mismatch' ? 'mismatch' : 'unknown';
}
