/**
 * Finishes operations of dead workers without waiting for the client's retry.
 *
 * @module
 */

import type { Completable } from '../core/completable.ts';
import { Engine } from '../core/engine/engine.ts';
import { createEmit, type Emit } from '../core/log.ts';
import type { Operation, RunResult } from '../core/operation.ts';
import { sleep, type Timers } from '../core/runtime.ts';
import type { AnyOperatorStore, StoredRecord, TransactionKind } from '../core/store.ts';
import { DueTimer } from '../core/support/due-timer.ts';
import { isTooOldToRerun } from '../core/support/operation-age.ts';
import { RecentMap } from '../core/support/recent-map.ts';
import { callBefore } from '../core/support/store-call.ts';
import { LapsedPages } from './lapsed-pages.ts';
import { type CompleterOptions, type CompleterSettings, completerSettings } from './options.ts';

/**
 * Maximum number of pages per poll. The next poll continues there, so records that can't be run here don't block it.
 */
const pagesPerRound = 20;
/** Number of stuck records that are remembered, so that each is reported once. */
const toldLimit = 10_000;
/** Time limit of a call to the store, so that a call that never settles does not stop the completer. */
const callLimitMs = 10_000;

/** A running completer. */
export interface Completer {
  /**
   * Takes no more records, waits for running operations for at most `timeoutMs` (default 10,000), then gives them up.
   * Pending calls to the store are finished when it resolves, unless they take longer than `timeoutMs`.
   */
  close(timeoutMs?: number): Promise<void>;
}

/** Thrown by a run without a final answer, so that its record lapses again. */
class Unfinished extends Error {
  override readonly name = 'Unfinished';
}

/**
 * Starts a completer. It finds lapsed records of `rerun` routes that saved their request, takes them over as a client's
 * retry would, and runs the registered handler again. Several completers can share the work: no two get the same
 * record. After a failed run the record stays lapsed and is retried after a back-off. A record that was claimed
 * `maxAttempts` times, or is older than `maxRerunAgeMs`, is stuck: it is left for an operator and reported by a `stuck`
 * event.
 *
 * Records without a saved request wait for the client. The completer keeps the process alive until it is closed. A call
 * to the store without an answer after ten seconds is reported as `store-error`, and the completer goes on.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 * @example
 * ```ts
 * const finishing = completer({ store, operations: [httpOperations({ 'POST /v1/orders': placeOrder })] })
 * process.on('SIGTERM', () => finishing.close())
 * ```
 */
export function completer<Kind extends TransactionKind = never>(options: CompleterOptions<Kind>): Completer {
  return new Rounds(completerSettings(options), options);
}

class Rounds<Kind extends TransactionKind> implements Completer {
  readonly #store: AnyOperatorStore;
  readonly #pages: LapsedPages;
  readonly #settings: CompleterSettings;
  readonly #engine: Engine<Kind>;
  readonly #emit: Emit;
  /** Watches the time limits of calls, and keeps the process alive during a call until the completer is closed. */
  readonly #timer: DueTimer;
  readonly #told = new RecentMap<true>(toldLimit);
  readonly #closing = new AbortController();
  readonly #givenUp = new AbortController();
  readonly #ended: Promise<void>;

  constructor(settings: CompleterSettings, options: CompleterOptions<Kind>) {
    const { store } = options;
    this.#store = store as AnyOperatorStore;
    this.#pages = new LapsedPages((query) => this.#ask(() => this.#store.list(query)));
    this.#settings = settings;
    const emit = createEmit(options);
    this.#engine = new Engine<Kind>({ store, runtime: settings.runtime, log: false, ...(emit && { onEvent: emit }) });
    this.#emit = emit;
    this.#timer = new DueTimer(settings.runtime);
    this.#timer.hold();
    this.#ended = this.#run();
  }

  async close(timeoutMs = 10_000): Promise<void> {
    this.#closing.abort();
    const ended = atMost(this.#settings.runtime.timers, timeoutMs, this.#ended);
    await this.#engine.shutdown(timeoutMs);
    this.#givenUp.abort();
    await ended;
    this.#timer.release();
  }

  async #run(): Promise<void> {
    const { intervalMs, runtime } = this.#settings;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#round().catch((error: unknown) => {
        this.#emit?.({ type: 'store-error', operation: 'completer', during: 'list', error });
      });
      await sleep(runtime.timers, intervalMs * (0.5 + runtime.random.fraction()), signal);
    }
  }

  async #round(): Promise<void> {
    for (let pages = 0; pages < pagesPerRound; pages += 1) {
      const records = await this.#pages.next();
      await this.#work(records.filter((record) => this.#isDue(record)));
      if (this.#pages.atStart || this.#closing.signal.aborted) return;
    }
  }

  /** In random order, so that several completers seldom claim the same record. */
  async #work(records: readonly StoredRecord[]): Promise<void> {
    const { random } = this.#settings.runtime;
    const left = records.map((record) => ({ record, at: random.fraction() })).sort((a, b) => a.at - b.at);
    const worker = async () => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        if (!this.#closing.signal.aborted) await this.#complete(next.record);
      }
    };
    await Promise.all(Array.from({ length: this.#settings.concurrency }, worker));
  }

  #isDue(record: StoredRecord): boolean {
    const completable = this.#completableOf(record);
    if (completable === undefined || record.policy !== 'rerun') return false;
    const { delay, runtime } = this.#settings;
    const { settings } = completable;
    // Taking over a record that is too old would only change the token that an operator has seen.
    const isTooOld = isTooOldToRerun(record.operationId, settings, runtime.clock.now());
    if (isTooOld || record.attempt >= settings.maxAttempts) return this.#tellStuck(record);
    const waitMs = Math.min(delay.capMs, delay.baseMs * 2 ** (record.attempt - 1));
    return runtime.clock.now() >= (record.leaseEndsAtMs ?? record.changedAtMs) + waitMs;
  }

  #ask<T>(call: () => Promise<T>): Promise<T> {
    const { runtime } = this.#settings;
    const tools = { runtime, emit: this.#emit, timer: this.#timer };
    return callBefore(tools, runtime.clock.monotonic() + callLimitMs, call);
  }

  #completableOf({ operation }: StoredRecord): Completable | undefined {
    return this.#settings.operations.find((completable) => completable.matches(operation));
  }

  #tellStuck({ id, operation, attempt }: Pick<StoredRecord, 'id' | 'operation' | 'attempt'>): false {
    if (this.#emit === undefined || this.#told.get(id)) return false;
    this.#told.set(id, true);
    this.#emit({ type: 'stuck', id, operation, attempt });
    return false;
  }

  /** A failure of one record must not delay the others. */
  async #complete({ id }: StoredRecord): Promise<void> {
    try {
      const record = await this.#ask(() => this.#store.read(id));
      const completable = record && this.#completableOf(record);
      if (record?.state !== 'lapsed' || record.request === undefined || completable === undefined) return;
      await this.#resume(record, record.request, completable);
    } catch (error) {
      this.#emit?.({ type: 'store-error', operation: 'completer', during: 'complete', error });
    }
  }

  async #resume(record: StoredRecord, request: Uint8Array, completable: Completable): Promise<void> {
    const { operation, operationId } = record;
    const { settings } = completable;
    try {
      const run = completable.begin(operation, request);
      const handler = async (...args: Parameters<typeof run.handler>) => finished(await run.handler(...args));
      const resuming = this.#engine.resume(operationOf(record, completable), operationId, { ...run, handler });
      await atMost(this.#settings.runtime.timers, settings.maxRunMs, resuming, this.#givenUp.signal);
    } catch (error) {
      await this.#failed(record, settings.maxAttempts, error);
    }
  }

  /** Once `finish` has committed, its answer is final, even if the run fails afterwards. */
  async #failed({ id, operation, operationId, attempt }: StoredRecord, maxAttempts: number, error: unknown) {
    const left = await this.#ask(() => this.#store.read(id)).catch(() => undefined);
    if (left?.state === 'completed' && left.operationId === operationId) return;
    this.#emit?.({ type: 'handler-error', operation, error });
    if (left?.state === 'lapsed' && attempt + 1 >= maxAttempts)
      this.#tellStuck({ id, operation, attempt: attempt + 1 });
  }
}

/**
 * Settles like `run`, or resolves after `limitMs` or when `signal` aborts, so that a handler that never ends does not
 * block other records for longer than its own record.
 */
async function atMost(timers: Timers, limitMs: number, run: Promise<unknown>, signal?: AbortSignal): Promise<void> {
  const ended = new AbortController();
  const isOver = signal ? AbortSignal.any([ended.signal, signal]) : ended.signal;
  try {
    await Promise.race([run, sleep(timers, limitMs, isOver)]);
  } finally {
    ended.abort();
  }
}

function operationOf(record: StoredRecord, { settings }: Completable): Operation {
  const { id, principal, operation, fingerprint } = record;
  return { id, principal, name: operation, fingerprint, settings };
}

function finished(result: RunResult): RunResult {
  if (result.outcome === 'done') return result;
  throw new Unfinished(`The run ended as ${result.outcome}; the record is left for another try.`);
}
