/**
 * A store that answers replays of what this process completed from memory.
 *
 * @module
 */

import type { Clock } from '../../core/runtime.ts';
import type * as contract from '../../core/store.ts';
import { RecentMap } from '../../core/support/recent-map.ts';
import { AnswerCache } from './answer-cache.ts';

type AnyStore = contract.Store<contract.TransactionKind>;

/** What a {@link CachedStore} is made of. */
export interface CachedParts {
  readonly store: AnyStore;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  readonly clock: Clock;
}

/** What a completion doesn't say, and its claim did. */
interface Asked {
  readonly token: string;
  readonly operationId: string;
  /** Undefined if the same token asked with several: the record has the first that arrived. */
  readonly fingerprint: string | undefined;
}

/** How many claims are remembered until they are completed; the answer of another one is not cached. */
const atHand = 10_000;

/** See `cachedStore`. */
export class CachedStore implements AnyStore {
  readonly name: string;
  readonly volatile: boolean;
  readonly sealed?: boolean;
  readonly transaction?: contract.TransactionMethod<contract.TransactionKind>;
  readonly watch?: NonNullable<AnyStore['watch']>;
  readonly outbox?: NonNullable<AnyStore['outbox']>;
  readonly #store: AnyStore;
  readonly #parts: CachedParts;
  readonly #answers: AnswerCache;
  /** The latest claims, by the record's id. */
  readonly #asked = new RecentMap<Asked>(atHand);
  /** Another number whenever records may have gone: what was sent before that is not cached. */
  #era = 0;

  constructor(parts: CachedParts) {
    const { store } = parts;
    this.name = store.name;
    this.volatile = store.volatile;
    if (store.sealed !== undefined) this.sealed = store.sealed;
    if (store.outbox) this.outbox = store.outbox;
    if (store.watch) this.watch = store.watch.bind(store);
    if (store.outbox) this.outbox = store.outbox;
    // A commit doesn't tell whether the store kept the result or its tombstone: such answers are not cached.
    if (store.transaction) this.transaction = store.transaction.bind(store) as never;
    this.#store = store;
    this.#parts = parts;
    this.#answers = new AnswerCache(parts.maxBytes);
  }

  async claim(request: contract.ClaimRequest): Promise<contract.ClaimOutcome> {
    const answer = this.#answers.get(request.id, this.#parts.clock.monotonic());
    if (answer !== undefined) return { outcome: 'completed', ...answer };
    const outcome = await this.#store.claim(request);
    // At a later attempt the record may keep the fingerprint of an earlier one.
    if (outcome.outcome === 'claimed' && outcome.attempt === 1) this.#remember(request, outcome);
    return outcome;
  }

  /** Retention began no earlier than the completion was sent, so that what is counted from then on ends no later. */
  async complete(request: contract.CompleteRequest): Promise<contract.CompleteOutcome> {
    const { clock, maxAgeMs } = this.#parts;
    const servedUntil = clock.monotonic() + Math.min(request.retentionMs, maxAgeMs);
    const era = this.#era;
    const { id, token, result } = request;
    const asked = this.#asked.get(id);
    const isOwn = asked?.token === token;
    // A second completion tells nothing of which result the first one left.
    if (isOwn) this.#asked.delete(id);
    const outcome = await this.#store.complete(request);
    if (outcome !== 'completed' || !isOwn || era !== this.#era) return outcome;
    const { operationId, fingerprint } = asked;
    if (fingerprint !== undefined)
      this.#answers.set(id, { operationId, fingerprint, completedAtMs: clock.now(), result }, servedUntil);
    return outcome;
  }

  renew(request: contract.RenewRequest): Promise<boolean> {
    return this.#store.renew(request);
  }

  release(request: contract.ReleaseRequest): Promise<boolean> {
    return this.#store.release(request);
  }

  abandon(request: contract.AbandonRequest): Promise<boolean> {
    return this.#store.abandon(request);
  }

  saveStep(request: contract.SaveStepRequest): Promise<boolean> {
    return this.#store.saveStep(request);
  }

  read(id: string, options?: contract.ReadOptions): Promise<contract.StoredRecord | undefined> {
    return this.#store.read(id, options);
  }

  list(request: contract.ListRequest): Promise<contract.RecordPage> {
    return this.#store.list(request);
  }

  resolve(request: contract.ResolveRequest): Promise<boolean> {
    return this.#forgetting(() => this.#store.resolve(request));
  }

  erase(principal: string): Promise<number> {
    return this.#forgetting(() => this.#store.erase(principal));
  }

  sweep(limit: number): Promise<number> {
    return this.#store.sweep(limit);
  }

  ping(): Promise<void> {
    return this.#store.ping();
  }

  close(): Promise<void> {
    return this.#forgetting(() => this.#store.close());
  }

  #remember({ id, token, fingerprint }: contract.ClaimRequest, { operationId }: contract.Claimed): void {
    const before = this.#asked.get(id);
    const isOne = before?.token !== token || before.fingerprint === fingerprint;
    this.#asked.set(id, { token, operationId, fingerprint: isOne ? fingerprint : undefined });
  }

  /** Before, so that nothing is served once it is under way; after, since a completion may have come in between. */
  async #forgetting<T>(change: () => Promise<T>): Promise<T> {
    this.#forget();
    try {
      return await change();
    } finally {
      this.#forget();
    }
  }

  #forget(): void {
    this.#era += 1;
    this.#answers.clear();
  }
}
