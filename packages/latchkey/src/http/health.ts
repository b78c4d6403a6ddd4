/**
 * Examines the store of a guard, for readiness probes.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import { type Runtime, systemRuntime } from '../core/runtime.ts';
import type { StoreFinding } from '../core/store.ts';
import { withTimeLimit } from '../core/support/store-call.ts';
import type { Guard } from './request/route.ts';

/** The state of a guard and its store, as JSON. */
export interface Health {
  /** True if new operations can run: the store answers, its tables fit, and the server is not shutting down. */
  readonly ok: boolean;
  readonly shuttingDown: boolean;
  readonly store: {
    readonly name: string;
    readonly reachable: boolean;
    /** Duration of the call that examined it. */
    readonly latencyMs: number;
    /** The code of the call's error. */
    readonly error?: string;
  };
  /** Whether the tables are those that this version needs; `unknown` if the store does not answer. */
  readonly migrations: 'applied' | 'missing' | 'mismatch' | 'unknown';
  /**
   * How much the store's clock is ahead of this machine's, beyond the duration of the call. Absent if the store uses the
   * clock of this machine, or gave no answer. Leases follow the store's clock.
   */
  readonly clockOffsetMs?: number;
  /** What may lose records, as reported by the store's `doctor`. */
  readonly findings: readonly StoreFinding[];
}

/** Time limit for each call; all calls are made at the same time. */
const limitMs = 5_000;

type HealthGuard = Pick<Guard<never, never>, 'store' | 'runtime' | 'isClosing'>;

/** Never rejects. Takes at most five seconds. */
export async function healthOf({ store, runtime = systemRuntime, isClosing }: HealthGuard): Promise<Health> {
  const { clock } = runtime;
  const startMs = clock.monotonic();
  const [error, clockOffsetMs, findings] = await Promise.all([
    answered(runtime, () => store.ping()).then(() => undefined, codeOf),
    answered(runtime, () => clockOffset(store, runtime)).catch(() => undefined),
    answered(runtime, async () => (await store.doctor?.()) ?? []).catch(() => []),
  ]);
  const reachable = error === undefined;
  return {
    ok: reachable && !isClosing,
    shuttingDown: isClosing,
    store: {
      name: store.name,
      reachable,
      latencyMs: Math.round(clock.monotonic() - startMs),
      ...(error !== undefined && { error }),
    },
    migrations: migrationsAfter(error),
    ...(clockOffsetMs !== undefined && { clockOffsetMs }),
    findings,
  };
}

/** Async, so that a store that throws is handled like one that rejects. */
function answered<T>(runtime: Runtime, call: () => Promise<T>): Promise<T> {
  return withTimeLimit(runtime, limitMs, (async () => call())());
}

function codeOf(error: unknown): string {
  return error instanceof LatchkeyError ? error.code : 'store-unavailable';
}

function migrationsAfter(error: string | undefined): Health['migrations'] {
  if (error === undefined) return 'applied';
  if (error === 'schema-missing') return 'missing';
  return error === 'schema-mismatch' ? 'mismatch' : 'unknown';
}

/** The store read its clock at some time during the call: only a time outside of that interval is a difference. */
async function clockOffset(store: HealthGuard['store'], { clock }: Runtime): Promise<number | undefined> {
  if (store.now === undefined) return undefined;
  const before = clock.now();
  const storeMs = await store.now();
  const after = clock.now();
  return Math.round(storeMs > after ? storeMs - after : Math.min(storeMs - before, 0));
}
