/**
 * Shared fixture of the store suite.
 *
 * @module
 */

import assert from 'node:assert/strict';
import {
  type AfterFailure,
  type Claimed,
  type ClaimOutcome,
  type ClaimRequest,
  isOperatorStore,
  type OperatorStore,
  type RecordState,
  type Store,
  type StoredRecord,
  type Takeover,
  type TransactionKind,
} from '../../core/store.ts';

/** One store under test; each test gets a new one. */
export interface StoreUnderTest<Kind extends TransactionKind = never> {
  readonly store: Store<Kind>;
  /** Advances the store's clock by `ms` milliseconds, by moving it or by waiting. */
  advance(ms: number): Promise<void>;
  /** Cleans up after the test, when the store is already closed. */
  dispose?(): Promise<void> | void;
  /** Needed if the store has transactions. */
  readonly transactions?: TransactionProbe<Kind>;
}

/** Writes and reads an effect in the store's own database. */
export interface TransactionProbe<Kind extends TransactionKind> {
  /** Writes `text` through a transaction's handle. */
  write(handle: Kind['handle'], text: string): void | Promise<void>;
  /** Returns all committed texts. */
  written(): Promise<readonly string[]> | readonly string[];
}

/** The settings of a store for the suite. */
export interface StoreSetup {
  /** Maximum size of a result in bytes; a longer one must leave a tombstone. */
  readonly maxResultBytes: number;
}

/** Optional parts of a store; `operator` means the methods of an `OperatorStore`. */
export type StoreCapability = 'operator' | 'transaction' | 'watch' | 'outbox';

/** The arguments of `storeSuite`. */
export interface StoreSuiteOptions<Kind extends TransactionKind = never> {
  /** The test runner's own functions. */
  describe(name: string, body: () => void): void;
  it(name: string, body: () => Promise<void>): void;
  /** Makes an empty store. */
  create(setup: StoreSetup): Promise<StoreUnderTest<Kind>> | StoreUnderTest<Kind>;
  /** The optional parts that the store has. */
  readonly capabilities: readonly StoreCapability[];
  /**
   * Unit of all durations in the suite, in milliseconds. Set less for a store whose clock can't be moved. Default
   * 1,000.
   */
  readonly unitMs?: number;
}

/** A store, shorthands for its calls, and the suite's durations. */
export class Bench<Kind extends TransactionKind = never> {
  readonly subject: StoreUnderTest<Kind>;
  readonly leaseMs: number;
  readonly retentionMs: number;
  readonly unresolvedMs: number;

  constructor(subject: StoreUnderTest<Kind>, unitMs: number) {
    this.subject = subject;
    this.leaseMs = unitMs * 2;
    this.retentionMs = unitMs * 5;
    this.unresolvedMs = unitMs * 10;
  }

  get store(): Store<Kind> {
    return this.subject.store;
  }

  /** The store as operators see it. */
  get operated(): OperatorStore<Kind> {
    const { store } = this.subject;
    assert.ok(isOperatorStore(store), 'the store has list, resolve, erase and sweep');
    return store;
  }

  advance(ms: number): Promise<void> {
    return this.subject.advance(ms);
  }

  claim(token: string, change: Partial<ClaimRequest> = {}): Promise<ClaimOutcome> {
    return this.store.claim(this.claimRequest(token, change));
  }

  /** A claim that must succeed. */
  async take(token: string, change: Partial<ClaimRequest> = {}): Promise<Claimed> {
    const outcome = await this.claim(token, change);
    assert.equal(outcome.outcome, 'claimed');
    if (outcome.outcome !== 'claimed') throw new assert.AssertionError({ message: 'not claimed' });
    return outcome;
  }

  /** Makes a record lapse after `token` claimed it. */
  async lapse(token: string, policy: AfterFailure = 'refuse', change: Partial<ClaimRequest> = {}): Promise<void> {
    await this.take(token, { policy, ...change });
    await this.advance(this.leaseMs);
  }

  claimRequest(token: string, change: Partial<ClaimRequest> = {}): ClaimRequest {
    const fingerprint = change.fingerprint ?? 'print-1';
    return {
      id: recordName,
      token,
      principal: 'principal-1',
      operation: 'POST /charges',
      operationId: `operation-of-${token}`,
      fingerprint,
      acceptable: [fingerprint],
      policy: 'refuse',
      leaseMs: this.leaseMs,
      unresolvedRetentionMs: this.unresolvedMs,
      takeover: 'none' satisfies Takeover,
      maxAttempts: 10,
      ...change,
    };
  }

  renew(token: string, id = recordName) {
    return this.store.renew({ id, token, leaseMs: this.leaseMs, unresolvedRetentionMs: this.unresolvedMs });
  }

  complete(token: string, text = 'result', id = recordName) {
    const result = { kind: 'value', bytes: bytes(text) } as const;
    return this.store.complete({ id, token, result, tombstone: bytes('tombstone'), retentionMs: this.retentionMs });
  }

  release(token: string, id = recordName, unused = false) {
    return this.store.release({ id, token, retentionMs: this.retentionMs, unused });
  }

  abandon(token: string, id = recordName, unused = false) {
    return this.store.abandon({ id, token, unresolvedRetentionMs: this.unresolvedMs, unused });
  }

  saveStep(token: string, name: string, text: string, id = recordName) {
    return this.store.saveStep({ id, token, name, value: bytes(text) });
  }

  /** The record, which must be there. */
  async record(id = recordName): Promise<StoredRecord> {
    const record = await this.store.read(id);
    assert.ok(record, 'the record is there');
    return record;
  }

  /** Asserts that no record has expired. */
  async assertNothingToSweep(): Promise<void> {
    if (isOperatorStore(this.store)) assert.equal(await this.store.sweep(10), 0);
  }

  async assertState(state: RecordState | 'absent', id = recordName): Promise<void> {
    assert.equal((await this.store.read(id))?.state ?? 'absent', state);
  }

  /** Asserts that the record is completed with this text. */
  async assertResult(text: string, kind: 'value' | 'tombstone' = 'value'): Promise<void> {
    const outcome = await this.claim('onlooker');
    assert.equal(outcome.outcome, 'completed');
    if (outcome.outcome !== 'completed') return;
    assert.equal(outcome.result.kind, kind);
    assert.equal(textOf(outcome.result.bytes), text);
  }
}

/** The id of the record that most tests are about. */
export const recordName = 'record-1';

/** The limit that the suite sets on results, in bytes. */
export const maxResultBytes = 1_000;

/** UTF-8. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** UTF-8. */
export function textOf(value: Uint8Array | undefined): string | undefined {
  return value && new TextDecoder().decode(value);
}

/** Saved steps as plain pairs. */
export function stepTexts(steps: ReadonlyMap<string, Uint8Array>): readonly (readonly [string, string | undefined])[] {
  return [...steps].map(([name, value]) => [name, textOf(value)] as const);
}

/** Defines a test on a new store. */
export type Test<Kind extends TransactionKind> = (name: string, body: (bench: Bench<Kind>) => Promise<void>) => void;

/** Creates a store before each test and closes it afterwards. */
export function testWith<Kind extends TransactionKind>(options: StoreSuiteOptions<Kind>): Test<Kind> {
  return (name, body) =>
    options.it(name, async () => {
      const subject = await options.create({ maxResultBytes });
      try {
        await body(new Bench(subject, options.unitMs ?? 1_000));
      } finally {
        await subject.store.close();
        await subject.dispose?.();
      }
    });
}
