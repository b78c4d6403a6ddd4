/**
 * Transactions of the simulated server: a record locked, rows written, and both committed with the record's own part.
 */

import type { NewMessage } from '../../../src/core/outbox.ts';
import type { RenewRequest, TransactionWrite } from '../../../src/core/store.ts';
import type { Row } from './history.ts';
import type { Server } from './server.ts';

/** The server ends a transaction this long after its lease. */
const idleGraceMs = 50;

/** The handle of a transaction. */
export interface Rows {
  insert(row: Row): void;
  /** Puts a message into the outbox. */
  post(message: NewMessage): void;
}

interface Transaction {
  readonly worker: string;
  readonly request: RenewRequest;
  readonly rows: Row[];
  readonly messages: NewMessage[];
  readonly leaseEndsAtMs: number;
  state: 'open' | 'committed' | 'aborted';
  unlock: () => void;
}

/** The outcome of a transaction. */
export type Fate = 'committed' | 'aborted' | 'open';

/** All transactions. */
export class Database {
  readonly #server: Server;
  readonly #transactions = new Map<string, Transaction>();
  readonly #ended = new Set<string>();

  constructor(server: Server) {
    this.#server = server;
  }

  /** Locks the record and extends its lease, if the caller owns it. */
  async begin(worker: string, id: string, request: RenewRequest): Promise<'locked' | 'lost'> {
    const { store, parts, locks } = this.#server;
    await this.#server.unlocked(request.id);
    if (this.#ended.has(id) || this.#transactions.has(id)) return 'lost';
    const before = await store.read(request.id);
    const owned = await store.renew(request);
    this.#server.log(worker, 'begin', request, String(owned));
    if (!owned && parts.rules.transactionsCheckOwners) return 'lost';
    const { promise, resolve } = Promise.withResolvers<void>();
    locks.set(request.id, promise);
    const leaseEndsAtMs = before?.leaseEndsAtMs ?? 0;
    const unlock = () => {
      locks.delete(request.id);
      resolve();
    };
    this.#transactions.set(id, { worker, request, rows: [], messages: [], leaseEndsAtMs, state: 'open', unlock });
    parts.scheduler.after(request.leaseMs + idleGraceMs, () => void this.rollBack(id));
    return 'locked';
  }

  insert(id: string, row: Row): void {
    const transaction = this.#transactions.get(id);
    if (transaction?.state !== 'open') return;
    if (this.#server.parts.rules.transactionsRollBack) transaction.rows.push(row);
    else this.#server.parts.history.add(row);
  }

  post(id: string, message: NewMessage): void {
    const transaction = this.#transactions.get(id);
    if (transaction?.state !== 'open') return;
    if (this.#server.parts.rules.messagesWaitForCommit) transaction.messages.push(message);
    else this.#server.post.add(message);
  }

  /** Commits the rows together with the record's own part. */
  async commit(id: string, write: TransactionWrite): Promise<'committed' | 'aborted'> {
    const transaction = this.#transactions.get(id);
    if (transaction?.state !== 'open') return transaction?.state === 'committed' ? 'committed' : 'aborted';
    if (!(await this.#save(transaction, write))) return this.rollBack(id);
    transaction.state = 'committed';
    for (const row of transaction.rows) this.#server.parts.history.add(row);
    for (const message of transaction.messages) this.#server.post.add(message);
    transaction.unlock();
    return 'committed';
  }

  async rollBack(id: string): Promise<'aborted'> {
    this.#ended.add(id);
    const transaction = this.#transactions.get(id);
    if (transaction?.state !== 'open') return 'aborted';
    transaction.state = 'aborted';
    const { request, leaseEndsAtMs, worker } = transaction;
    const leaseMs = Math.max(0, leaseEndsAtMs - this.#server.now);
    await this.#server.store.renew({ ...request, leaseMs });
    this.#server.log(worker, 'rollback', request, 'true');
    transaction.unlock();
    return 'aborted';
  }

  /** The outcome of a transaction whose commit got no answer; a transaction that never began is aborted. */
  fateOf(id: string): Fate {
    const transaction = this.#transactions.get(id);
    if (transaction === undefined) this.#ended.add(id);
    return transaction?.state ?? 'aborted';
  }

  /** Closes the connections of a dead process. */
  disconnect(worker: string): void {
    for (const [id, transaction] of this.#transactions) {
      if (transaction.worker === worker && transaction.state === 'open') void this.rollBack(id);
    }
  }

  async #save({ worker, request }: Transaction, write: TransactionWrite): Promise<boolean> {
    const { store, parts } = this.#server;
    const { id, token } = request;
    const owned =
      write.kind === 'step'
        ? await store.saveStep({ id, token, name: write.name, value: write.value })
        : (await store.complete({ id, token, ...write })) !== 'lost';
    const body = write.kind === 'result' ? parts.bodyOf(write.result) : undefined;
    this.#server.log(worker, write.kind === 'step' ? 'commit-step' : 'commit-result', request, String(owned), {
      ...(write.kind === 'step' ? { name: write.name } : { retentionMs: write.retentionMs }),
      ...(body !== undefined && { body }),
    });
    return owned || !parts.rules.transactionsCheckOwners;
  }
}
