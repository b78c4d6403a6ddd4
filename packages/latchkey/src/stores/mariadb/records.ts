/**
 * Records in the table. A call of a record's owner is one statement that checks and writes. Every other change reads,
 * decides, and writes if the record has not changed meanwhile.
 *
 * @module
 */

import { StoreUnavailableError } from '../../core/errors.ts';
import type * as contract from '../../core/store.ts';
import { claimEntry, claimed, newEntry } from '../record/claim-entry.ts';
import { type Entry, isExpired } from '../record/entry.ts';
import type { Connection, Inputs } from './connection.ts';
import { isContention, isError, toStoreError } from './errors.ts';
import { changeInputs, flagBits, formats, type Row, rowOf } from './row.ts';
import type { Statement, Statements } from './statements.ts';

/** Number of attempts for a change whose record changes meanwhile. */
const mostRounds = 10;

/** After this many attempts, a locked record counts as held by a live worker. */
const lockedRounds = 3;

/** The reported rest of the lease of a locked record, since its real end is unknown. */
const lockedLeaseMs = 1_000;

/** Larger durations would make times beyond the safe integers. */
const longestMs = 2 ** 52;

/** The write for a record that was read, and the answer after it; `again` reads the record again. */
export type Decision<T> = 'again' | { readonly answer: T; readonly write?: Entry | 'remove' };

interface Deciding<T> {
  read(): Promise<Row | undefined>;
  decide(row: Row | undefined): Decision<T>;
  /** The answer if the record is locked by others. */
  whenLocked(entry: Entry): T;
}

/** The records of one database. */
export class Records {
  readonly #connection: Connection;
  readonly #sql: Statements;

  constructor(connection: Connection, sql: Statements) {
    this.#connection = connection;
    this.#sql = sql;
  }

  /** The record, expired or not. */
  async find(id: string): Promise<Row | undefined> {
    const { rows } = await this.#connection.run(this.#sql.read, { id });
    return rows.length === 0 ? undefined : rowOf(rows[0]);
  }

  /** See `Store.claim`. */
  claim(request: contract.ClaimRequest): Promise<contract.ClaimOutcome> {
    return this.#decide({
      read: () => this.#insertOrRead(request),
      decide: (row) => (row === undefined ? 'again' : decideClaim(row, request)),
      whenLocked: ({ fingerprint }): contract.ClaimOutcome => ({
        outcome: 'running',
        fingerprint,
        leaseLeftMs: lockedLeaseMs,
      }),
    });
  }

  /** Applies a change to an existing record; false if it does not exist or is locked by others. */
  change(id: string, decide: (entry: Entry, nowMs: number) => Decision<boolean>): Promise<boolean> {
    return this.#decide({
      read: () => this.find(id),
      decide: (row) => {
        const live = liveRow(row);
        return live === undefined ? { answer: false } : decide(live.entry, live.nowMs);
      },
      whenLocked: () => false,
    });
  }

  /**
   * Runs a statement that checks its own condition. If it changes nothing, `explain` finds the answer in the record;
   * `again` means that the statement should have changed it.
   *
   * @throws StoreUnavailableError if no attempt succeeds.
   */
  async own<T>(
    statement: Statement,
    inputs: Inputs & { readonly id: string },
    answers: { readonly done: T; explain(entry: Entry | undefined): T | 'again' },
  ): Promise<T> {
    for (let round = 1; round <= mostRounds; round += 1) {
      const { affected } = await this.#connection.run(statement, inputs);
      if (affected > 0) return answers.done;
      const answer = answers.explain(liveRow(await this.find(inputs.id))?.entry);
      if (answer !== 'again') return answer;
      await this.#connection.pause(round);
    }
    throw contended();
  }

  async #decide<T>({ read, decide, whenLocked }: Deciding<T>): Promise<T> {
    let locked = 0;
    for (let round = 1; round <= mostRounds; round += 1) {
      const row = await read();
      const decision = decide(row);
      if (decision !== 'again') {
        if (row === undefined || decision.write === undefined) return decision.answer;
        const outcome = await this.#write(row, decision.write);
        if (outcome === 'written') return decision.answer;
        if (outcome === 'locked') locked += 1;
        if (locked === lockedRounds) return whenLocked(row.entry);
      }
      await this.#connection.pause(round);
    }
    throw contended();
  }

  /** Undecided if another worker's claim is not committed yet, or after a deadlock with it. */
  async #insertOrRead(request: contract.ClaimRequest): Promise<Row | undefined> {
    try {
      const { rows } = await this.#connection.runOnce(this.#sql.claim, claimInputs(request));
      return rows.length === 0 ? undefined : rowOf(rows[0]);
    } catch (error) {
      if (isContention(error)) return undefined;
      throw toStoreError(error);
    }
  }

  async #write(row: Row, write: Entry | 'remove'): Promise<'written' | 'changed' | 'locked'> {
    const { seq, revision } = row;
    try {
      const { affected } =
        write === 'remove'
          ? await this.#connection.runOnce(this.#sql.remove, { seq, revision })
          : await this.#connection.runOnce(this.#sql.change, changeInputs(write, row));
      return affected > 0 ? 'written' : 'changed';
    } catch (error) {
      if (isError(error, 'lockTimeout')) return 'locked';
      if (isError(error, 'deadlock')) return 'changed';
      throw toStoreError(error);
    }
  }
}

/** A duration in milliseconds, limited to the longest one. */
export function bounded(ms: number): number {
  return Math.min(ms, longestMs);
}

/** The row, if its record has not expired. */
export function liveRow(row: Row | undefined): Row | undefined {
  return row === undefined || isExpired(row.entry, row.nowMs) ? undefined : row;
}

function contended(): StoreUnavailableError {
  return new StoreUnavailableError('The record kept changing under this call.');
}

function claimInputs(request: contract.ClaimRequest): Inputs {
  const { id, token, principal, operation, operationId, fingerprint, policy, leaseMs, unresolvedRetentionMs } = request;
  return {
    id,
    token,
    principal,
    operation,
    operation_id: operationId,
    fingerprint,
    flags: policy === 'rerun' ? flagBits.rerun : 0,
    lease_ms: leaseMs,
    kept_ms: bounded(leaseMs + unresolvedRetentionMs),
    request: request.request ?? null,
    format: request.request === undefined ? formats.plain : formats.withRequest,
  };
}

/** If the claim itself inserted the record, claiming it with the same token changes nothing. */
function decideClaim({ entry, nowMs }: Row, request: contract.ClaimRequest): Decision<contract.ClaimOutcome> {
  if (isExpired(entry, nowMs)) {
    const created = newEntry(request, nowMs);
    return { answer: claimed(created), write: created };
  }
  const { attempt, leaseEndsAtMs, expiresAtMs } = entry;
  const answer = claimEntry(entry, request, nowMs);
  const isSame =
    attempt === entry.attempt && leaseEndsAtMs === entry.leaseEndsAtMs && expiresAtMs === entry.expiresAtMs;
  return answer.outcome === 'claimed' && !isSame ? { answer, write: entry } : { answer };
}
