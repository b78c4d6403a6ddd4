/** The simulated server: the memory store's transitions, independent of workers, and a log of them. */

import { decodeEntry } from '../../../src/core/audit/audit-entry.ts';
import type {
  AnyOperatorStore,
  ClaimOutcome,
  ClaimRequest,
  Owner,
  RecordState,
  StoredRecord,
  StoredResult,
} from '../../../src/core/store.ts';
import { isOwn } from '../../../src/operator/record-entry.ts';
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts';
import type { Applied, History } from './history.ts';
import { Post } from './post.ts';
import type { Scheduler } from './scheduler.ts';

/** The rules of the server that a fault can turn off. */
export interface ServerRules {
  /** A transaction checks ownership when it begins and when it commits. */
  readonly transactionsCheckOwners: boolean;
  /** A rollback undoes a transaction's writes. */
  readonly transactionsRollBack: boolean;
  /** A message of a transaction waits for its commit. */
  readonly messagesWaitForCommit: boolean;
  /** A message is kept until it was delivered. */
  readonly keepsTaken: boolean;
}

/** The parameters of a server. */
export interface ServerParts {
  readonly scheduler: Scheduler;
  readonly history: History;
  readonly maxResultBytes: number;
  /** Reads the handler's answer out of a stored result. */
  readonly bodyOf: (result: StoredResult) => string | undefined;
  readonly spoil: (store: AnyOperatorStore) => AnyOperatorStore;
  readonly rules: ServerRules;
}

/** The methods of an owner, all of which wait while its record is locked. */
export type OwnerMethod = 'renew' | 'complete' | 'release' | 'abandon' | 'saveStep' | 'resolve';

type RequestOf<Method extends OwnerMethod> = Parameters<AnyOperatorStore[Method]>[0];
type OutcomeOf<Method extends OwnerMethod> = Awaited<ReturnType<AnyOperatorStore[Method]>>;

const states: readonly RecordState[] = ['running', 'lapsed', 'open', 'completed'];

const epochMs = Date.UTC(2026, 0, 1);

/** The store of all workers. */
export class Server {
  readonly store: AnyOperatorStore;
  readonly parts: ServerParts;
  readonly post: Post;
  readonly locks = new Map<string, Promise<void>>();
  /** The offset of its clock. */
  aheadMs = 0;
  readonly #lastTokens = new Map<string, string>();
  /** Records of the audit. */
  readonly #own = new Set<string>();

  constructor(parts: ServerParts) {
    this.parts = parts;
    const clock = { now: () => this.now, monotonic: () => parts.scheduler.now };
    const { maxResultBytes } = parts;
    const memory = new MemoryStore({ maxRecords: 1_000, maxBytes: 2 ** 24, maxResultBytes }, clock);
    this.post = new Post({ history: parts.history, rules: parts.rules, now: () => this.now });
    this.store = parts.spoil(memory as AnyOperatorStore);
  }

  /** The store's clock. */
  get now(): number {
    return epochMs + this.aheadMs + Math.floor(this.parts.scheduler.now);
  }

  stepClock(byMs: number): void {
    this.aheadMs += Math.round(byMs);
    this.parts.history.add({ type: 'clock', who: 'store', what: String(Math.round(byMs)) });
  }

  /** A lapsed record under a lock is skipped by claims, as in a database. */
  async claim(worker: string, request: ClaimRequest): Promise<ClaimOutcome> {
    if (this.locks.has(request.id)) {
      const record = await this.store.read(request.id);
      if (record?.state === 'lapsed') {
        return { outcome: 'running', fingerprint: record.fingerprint, leaseLeftMs: 1 };
      }
    }
    const outcome = await this.store.claim(request);
    if (isOwn(request)) this.#own.add(request.id);
    else this.#logClaim(worker, request, outcome);
    if (outcome.outcome === 'claimed') this.#lastTokens.set(request.id, request.token);
    return outcome;
  }

  async write<Method extends OwnerMethod>(
    worker: string,
    method: Method,
    request: RequestOf<Method>,
  ): Promise<OutcomeOf<Method>> {
    await this.unlocked(request.id);
    // The signature ensures that method and request match.
    const apply = this.store[method].bind(this.store) as (request: RequestOf<Method>) => Promise<OutcomeOf<Method>>;
    const outcome = await apply(request);
    if (this.#own.has(request.id)) this.#logAudit(worker, request, String(outcome));
    else this.log(worker, method, request, String(outcome), this.#detailsOf(request));
    return outcome;
  }

  /** All operations in the store. */
  async records(): Promise<readonly StoredRecord[]> {
    const pages = await Promise.all(states.map((state) => this.store.list({ state, limit: 1_000 })));
    return pages.flatMap((page) => page.records).filter(({ id }) => !this.#own.has(id));
  }

  /** Removes all records of a principal; waits for transactions, as a database does. */
  async erase(principal: string): Promise<void> {
    const own = async () => (await this.records()).filter((record) => record.principal === principal);
    let records = await own();
    for (; records.some(({ id }) => this.locks.has(id)); records = await own())
      await Promise.all(records.map(({ id }) => this.locks.get(id)));
    await this.store.erase(principal);
    for (const { id } of records)
      this.log('an operator', 'erase', { id, token: this.#lastTokens.get(id) ?? '' }, 'true');
  }

  /** Waits until no transaction holds the record. */
  async unlocked(id: string): Promise<void> {
    for (let lock = this.locks.get(id); lock !== undefined; lock = this.locks.get(id)) await lock;
  }

  log(worker: string, method: string, owner: Owner, outcome: string, details: Partial<Applied> = {}): void {
    const { history } = this.parts;
    const { id, token } = owner;
    history.add({ type: 'applied', method, worker, record: id, token, outcome, storeMs: this.now, ...details });
  }

  /** Logs only the writes of audit records. */
  #logAudit(who: string, request: RequestOf<OwnerMethod>, outcome: string): void {
    if (!('result' in request) || outcome !== 'completed') return;
    const { id, event, decisionId, decision, record } = decodeEntry(request.result.bytes);
    const { operationId = '', attempt = 0 } = record ?? {};
    const said = { what: event, decision: decisionId, kind: decision?.kind ?? '' };
    this.parts.history.add({ type: 'audited', who, record: id, operationId, attempt, ...said });
  }

  #logClaim(worker: string, request: ClaimRequest, outcome: ClaimOutcome): void {
    const { maxAttempts, takeover, fingerprint } = request;
    const found =
      outcome.outcome === 'claimed'
        ? {
            ...outcome,
            ...{ steps: outcome.steps.size, maxAttempts, takeover, fingerprint },
            name: request.operation,
            savesRequest: request.request !== undefined,
          }
        : { ...('operationId' in outcome && { operationId: outcome.operationId }) };
    this.log(worker, 'claim', request, outcome.outcome, found);
  }

  #detailsOf(request: RequestOf<OwnerMethod>): Partial<Applied> {
    const { bodyOf } = this.parts;
    if ('resolution' in request) {
      const { resolution } = request;
      const result = 'result' in resolution ? resolution.result : undefined;
      const retention = 'retentionMs' in resolution ? { retentionMs: resolution.retentionMs } : {};
      return { name: resolution.decision, ...retention, ...(result && withBody(bodyOf(result))) };
    }
    return {
      ...('name' in request && { name: request.name }),
      ...('retentionMs' in request && { retentionMs: request.retentionMs }),
      ...('result' in request && withBody(bodyOf(request.result))),
    };
  }
}

function withBody(body: string | undefined): Partial<Applied> {
  return body === undefined ? {} : { body };
}
