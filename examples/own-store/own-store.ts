import type { DatabaseSync } from 'node:sqlite';
import { deserialize, serialize } from 'node:v8';
import { LatchkeyError, StoreUnavailableError } from 'latchkey';
import * as record from 'latchkey/record';
import type * as contract from 'latchkey/store';

/** The result of a store method: its answer, and whether to write or remove the record. */
type Change<T> = { answer: T; write?: record.Entry; remove?: boolean };

/** A store in one table: each method reads, changes and writes one record in a transaction. */
export class OwnStore implements contract.OperatorStore {
  readonly name = 'own';
  readonly volatile = false;
  readonly #db: DatabaseSync;
  readonly #maxResultBytes: number;
  readonly #now: () => number;
  #closed = false;

  constructor(db: DatabaseSync, { maxResultBytes = 16 * 2 ** 20, now = Date.now } = {}) {
    this.#db = db;
    this.#maxResultBytes = maxResultBytes;
    this.#now = now; // against a server, take the server's own time
    db.exec(`CREATE TABLE IF NOT EXISTS own_records (
      seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, principal TEXT NOT NULL, expires INTEGER NOT NULL, entry BLOB NOT NULL)`);
  }

  claim(request: contract.ClaimRequest) {
    return this.#change(request.id, (found, nowMs): Change<contract.ClaimOutcome> => {
      const entry = found ?? record.newEntry(request, nowMs);
      const answer = found ? record.claimEntry(found, request, nowMs) : record.claimed(entry);
      return answer.outcome === 'claimed' ? { answer, write: entry } : { answer };
    });
  }

  renew(request: contract.RenewRequest) {
    return this.#own(request.id, (entry, nowMs) => record.renewEntry(entry, request, nowMs));
  }

  complete(request: contract.CompleteRequest) {
    return this.#change(request.id, (entry, nowMs): Change<contract.CompleteOutcome> => {
      if (entry === undefined) return { answer: 'lost' };
      const fits = (bytes: number) => bytes <= this.#maxResultBytes;
      return { answer: record.completeEntry(entry, request, nowMs, fits), write: entry };
    });
  }

  release(request: contract.ReleaseRequest) {
    return this.#own(request.id, (entry, nowMs) => record.releaseEntry(entry, request, nowMs));
  }

  abandon(request: contract.AbandonRequest) {
    return this.#own(request.id, (entry, nowMs) => record.abandonEntry(entry, request, nowMs));
  }

  saveStep(request: contract.SaveStepRequest) {
    return this.#own(request.id, (entry) => record.saveStepInEntry(entry, request));
  }

  read(id: string) {
    return this.#change(id, (entry, nowMs) => ({ answer: entry && record.toReadRecord(entry, nowMs) }));
  }

  ping() {
    return this.#atomic(() => {});
  }

  async close() {
    this.#closed = true; // the handle is the application's
  }

  // The following methods are for an operator and a completer; a guard does not need them.

  list({ state, limit, cursor = '0' }: contract.ListRequest): Promise<contract.RecordPage> {
    if (!Number.isInteger(limit) || limit < 1 || limit > 1_000 || !/^\d+$/.test(cursor))
      return Promise.reject(new LatchkeyError('option-invalid', 'list: limit or cursor is out of range.'));
    return this.#atomic((nowMs) => {
      const rows = this.#db.prepare('SELECT seq, entry FROM own_records WHERE seq > ? ORDER BY seq').all(cursor);
      const found = rows
        .map(({ seq, entry }) => ({ seq, entry: deserialize(entry as Uint8Array) as record.Entry }))
        .filter(({ entry }) => !record.isExpired(entry, nowMs) && record.stateOf(entry, nowMs) === state);
      const page = found.slice(0, limit);
      const records = page.map(({ entry }) => record.toStoredRecord(entry, nowMs));
      return found.length > limit ? { records, next: String(page.at(-1)?.seq) } : { records };
    });
  }

  resolve(request: contract.ResolveRequest) {
    return this.#change(request.id, (entry, nowMs): Change<boolean> => {
      const outcome = entry ? record.resolveEntry(entry, request, nowMs) : 'refused';
      if (entry === undefined || outcome === 'refused') return { answer: false };
      return outcome === 'removed' ? { answer: true, remove: true } : { answer: true, write: entry };
    });
  }

  erase(principal: string) {
    return this.#atomic((nowMs) => {
      const gone = this.#db.prepare('DELETE FROM own_records WHERE principal = ? RETURNING expires').all(principal);
      return gone.filter(({ expires }) => Number(expires) > nowMs).length;
    });
  }

  sweep(limit: number) {
    const sweep = 'DELETE FROM own_records WHERE seq IN (SELECT seq FROM own_records WHERE expires <= ? LIMIT ?)';
    return this.#atomic((nowMs) => Number(this.#db.prepare(sweep).run(nowMs, limit).changes));
  }

  #own(id: string, transition: (entry: record.Entry, nowMs: number) => boolean): Promise<boolean> {
    return this.#change(id, (entry, nowMs) => {
      if (entry === undefined || !transition(entry, nowMs)) return { answer: false };
      return { answer: true, write: entry };
    });
  }

  #change<T>(id: string, change: (entry: record.Entry | undefined, nowMs: number) => Change<T>): Promise<T> {
    return this.#atomic((nowMs) => {
      const row = this.#db.prepare('SELECT entry FROM own_records WHERE id = ? AND expires > ?').get(id, nowMs);
      const { answer, write, remove } = change(row && deserialize(row['entry'] as Uint8Array), nowMs);
      if (remove) this.#db.prepare('DELETE FROM own_records WHERE id = ?').run(id);
      if (write) {
        const put = 'INSERT OR REPLACE INTO own_records (id, principal, expires, entry) VALUES (?, ?, ?, ?)';
        this.#db.prepare(put).run(id, write.principal, write.expiresAtMs, serialize(write));
      }
      return answer;
    });
  }

  /** Runs one atomic step, which is rolled back if it fails. */
  async #atomic<T>(step: (nowMs: number) => T): Promise<T> {
    if (this.#closed) throw new StoreUnavailableError('The store is closed.');
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      const answer = step(this.#now());
      this.#db.exec('COMMIT');
      return answer;
    } catch (cause) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw new StoreUnavailableError('The database could not answer.', { cause });
    }
  }
}
