/**
 * Finishes operations that a dead worker left behind, without waiting for the client's retry.
 *
 * @module
 */

import type { Completable } from '../core/completable.ts';
import { createEmit, type Emit } from '../core/emitter.ts';
import { Engine } from '../core/engine.ts';
import type { Operation, Verdict } from '../core/operation.ts';
import { RecentMap } from '../core/recent-map.ts';
import { isTooOldToRerun } from '../core/rerun-age.ts';
import { sleep, type Timers } from '../core/runtime.ts';
import type { Store, StoredRecord, TransactionKind } from '../core/store.ts';
import { type CompleterOptions, type CompleterSettings, completerSettings } from './options.ts';

const pageSize = 100;
/** So many stuck records are told of once each. */
const toldLimit = 10_000;

/** A completer at work. */
export interface Completer {
  /** Takes no more records, waits for those that run at most `timeoutMs` (default 10,000), then gives them up. */
  close(timeoutMs?: number): Promise<void>;
}

/** Thrown by a run that didn't end well, so that its record lapses again. */
class Unfinished extends Error {
  override readonly name = 'Unfinished';
}

/**
 * Starts a completer: it looks for lapsed records of `rerun` routes that saved their request, takes them over one by
 * one as a client's retry would, and runs their registered handler again. Many completers share the work: no two get
 * the same record. A run that fails leaves the record lapsed, to be tried again after a back-off; one that was claimed
 * `maxAttempts` times, or is older than `maxRerunAgeMs`, is stuck: it stays as it is for an operator, and a `stuck` event
 * tells of it.
 *
 * A record without a saved request waits for the client, as always.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 * @example
 * ```ts
 * const finishing = completer({ store, operations: [httpOperations({ 'POST /v1/orders': placeOrder })] })
 * process.on('SIGTERM', () => finishing.close())
 * ```
 */
export function completer<Kind extends TransactionKind = never>(options: CompleterOptions<Kind>): Completer {
  return new Rounds(options.store, completerSettings(options), options);
}

class Rounds<Kind extends TransactionKind> implements Completer {
  readonly #store: Store<Kind>;
  readonly #settings: CompleterSettings;
  readonly #engine: Engine<Kind>;
  readonly #emit: Emit;
  readonly #told = new RecentMap<true>(toldLimit);
  readonly #closing = new AbortController();

  constructor(store: Store<Kind>, settings: CompleterSettings, options: CompleterOptions<Kind>) {
    const { onEvent } = options;
    this.#store = store;
    this.#settings = settings;
    this.#engine = new Engine<Kind>({ store, runtime: settings.runtime, ...(onEvent && { onEvent }) });
    this.#emit = createEmit(onEvent);
    void this.#run();
  }

  async close(timeoutMs = 10_000): Promise<void> {
    this.#closing.abort();
    await this.#engine.shutdown(timeoutMs);
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
    let cursor: string | undefined;
    do {
      const page = await this.#store.list({ state: 'lapsed', limit: pageSize, ...(cursor && { cursor }) });
      await this.#work(page.records.filter((record) => this.#isDue(record)));
      cursor = page.next;
    } while (cursor !== undefined && !this.#closing.signal.aborted);
  }

  /** In an order of its own, so that completers side by side seldom reach for the same record. */
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
    // To take over what is too old would change nothing but the token that an operator has seen.
    const isTooOld = isTooOldToRerun(record.operationId, settings, runtime.clock.now());
    if (isTooOld || record.attempt >= settings.maxAttempts) return this.#tellStuck(record);
    const waitMs = Math.min(delay.capMs, delay.baseMs * 2 ** (record.attempt - 1));
    return runtime.clock.now() >= (record.leaseEndsAtMs ?? record.changedAtMs) + waitMs;
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

  /** What goes wrong with one record must not keep the others waiting. */
  async #complete({ id }: StoredRecord): Promise<void> {
    try {
      const record = await this.#store.read(id);
      const completable = record && this.#completableOf(record);
      if (record?.state !== 'lapsed' || record.request === undefined || completable === undefined) return;
      await this.#resume(record, record.request, completable);
    } catch (error) {
      this.#emit?.({ type: 'store-error', operation: 'completer', during: 'complete', error });
    }
  }

  async #resume(record: StoredRecord, request: Uint8Array, completable: Completable): Promise<void> {
    const { operation, operationId, attempt } = record;
    try {
      const run = completable.begin(operation, request);
      const handler = async (...args: Parameters<typeof run.handler>) => finished(await run.handler(...args));
      const resuming = this.#engine.resume(operationOf(record, completable), operationId, { ...run, handler });
      await atMost(this.#settings.runtime.timers, completable.settings.maxRunMs, resuming);
    } catch (error) {
      this.#emit?.({ type: 'handler-error', operation, error });
      if (attempt + 1 >= completable.settings.maxAttempts) this.#tellStuck({ ...record, attempt: attempt + 1 });
    }
  }
}

/** A handler that never ends holds its place no longer than its record: others come next then. */
async function atMost(timers: Timers, limitMs: number, run: Promise<unknown>): Promise<void> {
  const ended = new AbortController();
  try {
    await Promise.race([run, sleep(timers, limitMs, ended.signal)]);
  } finally {
    ended.abort();
  }
}

function operationOf(record: StoredRecord, { settings }: Completable): Operation {
  const { id, principal, operation, fingerprint } = record;
  return { id, principal, name: operation, fingerprint, settings };
}

function finished(verdict: Verdict): Verdict {
  if (verdict.outcome === 'done') return verdict;
  throw new Unfinished(`The run ended as ${verdict.outcome}; the record is left for another try.`);
}
