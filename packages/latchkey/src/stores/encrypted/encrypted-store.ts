/**
 * Encrypts values before they are stored and decrypts them when they are read. The wrapped store sees digests, times and
 * encrypted bytes.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../../core/errors.ts';
import * as contract from '../../core/store.ts';
import { RecentMap } from '../../core/support/recent-map.ts';
import { chain } from '../../core/support/thenable.ts';
import { keyVersionOf, open, type Place, seal } from './envelope.ts';
import type { KeyRing } from './key-ring.ts';
import { SealedOutbox } from './sealed-outbox.ts';

type AnyStore = contract.AnyStore;
type Body = (handle: unknown) => contract.Transacted<unknown>;

/** Number of cached operation ids of claims; others are read from the store. */
const atHand = 10_000;

/** See `encryptedStore`. */
export class EncryptedStore implements AnyStore {
  readonly name: string;
  readonly volatile: boolean;
  readonly sealed = true;
  readonly transaction?: contract.TransactionMethod<contract.TransactionKind>;
  readonly watch?: NonNullable<AnyStore['watch']>;
  readonly now?: NonNullable<AnyStore['now']>;
  readonly doctor?: NonNullable<AnyStore['doctor']>;
  readonly outbox?: SealedOutbox;
  readonly #store: AnyStore;
  readonly #keys: KeyRing;
  /** Operation ids by token. */
  readonly #claimed = new RecentMap<string>(atHand);

  constructor(store: AnyStore, keys: KeyRing) {
    this.name = store.name;
    this.volatile = store.volatile;
    this.#store = store;
    this.#keys = keys;
    if (store.outbox)
      this.outbox = new SealedOutbox(store.outbox, { seal: this.#seal.bind(this), open: this.#open.bind(this) });
    if (store.watch) this.watch = store.watch.bind(store);
    if (store.now) this.now = store.now.bind(store);
    if (store.doctor) this.doctor = store.doctor.bind(store);
    if (store.transaction) this.transaction = this.#transaction(store.transaction.bind(store)) as never;
    if (contract.isOperatorStore(store)) Object.assign(this, this.#operatorMethods(store));
  }

  async claim(request: contract.ClaimRequest): Promise<contract.ClaimOutcome> {
    await this.#keys.prepare();
    const outcome = await this.#store.claim(this.#sealRequest(request));
    if (outcome.outcome === 'completed') return { ...outcome, result: await this.#openResult(request.id, outcome) };
    if (outcome.outcome !== 'claimed') return outcome;
    const steps = await this.#openClaimed(request, outcome);
    this.#claimed.set(request.token, outcome.operationId);
    return { ...outcome, steps };
  }

  renew(request: contract.RenewRequest): Promise<boolean> {
    return this.#store.renew(request);
  }

  async complete(request: contract.CompleteRequest): Promise<contract.CompleteOutcome> {
    const operationId = await this.#operationIdOf(request);
    if (operationId === undefined) return 'lost';
    const sealed = this.#sealResult(request, operationId, request);
    return this.#store.complete({ ...request, ...sealed });
  }

  release(request: contract.ReleaseRequest): Promise<boolean> {
    return this.#store.release(request);
  }

  abandon(request: contract.AbandonRequest): Promise<boolean> {
    return this.#store.abandon(request);
  }

  async saveStep(request: contract.SaveStepRequest): Promise<boolean> {
    const { id, name, value } = request;
    const operationId = await this.#operationIdOf(request);
    if (operationId === undefined) return false;
    const place: Place = { id, operationId, kind: 'step', name };
    return this.#store.saveStep({ ...request, value: this.#seal(place, value) });
  }

  async read(id: string, options: contract.ReadOptions = {}): Promise<contract.StoredRecord | undefined> {
    const record = await this.#store.read(id, options);
    return record && this.#openRecord(record, options.markUnreadable === true);
  }

  ping(): Promise<void> {
    return this.#store.ping();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #operatorMethods(store: contract.AnyOperatorStore): contract.OperatorMethods {
    return {
      list: async (request) => {
        const page = await store.list(request);
        return { ...page, records: await Promise.all(page.records.map((record) => this.#openRecord(record, true))) };
      },
      resolve: (request) => this.#resolve(store, request),
      erase: (principal) => store.erase(principal),
      sweep: (limit) => store.sweep(limit),
    };
  }

  async #resolve(store: contract.AnyOperatorStore, request: contract.ResolveRequest): Promise<boolean> {
    const { resolution } = request;
    if (resolution.decision !== 'respond') return store.resolve(request);
    await this.#keys.prepare();
    const record = await store.read(request.id);
    if (record === undefined) return false;
    const { result } = this.#sealResult(request, record.operationId, { ...resolution, tombstone: new Uint8Array() });
    return store.resolve({ ...request, resolution: { ...resolution, result } });
  }

  /** Transactions of a synchronous store stay synchronous: the key was fetched at the claim. */
  #transaction(run: (request: contract.RenewRequest, body: Body) => Promise<contract.TransactionOutcome<unknown>>) {
    return async (request: contract.RenewRequest, body: Body): Promise<contract.TransactionOutcome<unknown>> => {
      const operationId = await this.#operationIdOf(request);
      if (operationId === undefined) return { outcome: 'lost' };
      const sealing = (handle: unknown) =>
        chain(body(handle), ({ value, write }) => ({ value, write: this.#sealWrite(request.id, operationId, write) }));
      return run(request, sealing as Body);
    };
  }

  #sealWrite(id: string, operationId: string, write: contract.TransactionWrite): contract.TransactionWrite {
    if (write.kind === 'result') return { ...write, ...this.#sealResult({ id }, operationId, write) };
    return { ...write, value: this.#seal({ id, operationId, kind: 'step', name: write.name }, write.value) };
  }

  #sealResult(
    { id }: { readonly id: string },
    operationId: string,
    { result, tombstone }: { readonly result: contract.StoredResult; readonly tombstone: Uint8Array },
  ) {
    const at = (kind: 'value' | 'tombstone', bytes: Uint8Array) =>
      this.#seal({ id, operationId, kind, name: '' }, bytes);
    return {
      result: { kind: result.kind, bytes: at(result.kind, result.bytes) },
      tombstone: at('tombstone', tombstone),
    };
  }

  #sealRequest(request: contract.ClaimRequest): contract.ClaimRequest {
    if (request.request === undefined) return request;
    return { ...request, request: this.#seal(requestPlace(request), request.request) };
  }

  #seal(place: Place, bytes: Uint8Array): Uint8Array {
    const key = this.#keys.ready;
    if (key === undefined) throw new StoreUnavailableError('The current encryption key has not been loaded yet.');
    return seal(place, key, bytes);
  }

  /** The operation id that the record's values are bound to; undefined if the caller does not own the record. */
  async #operationIdOf({ id, token }: contract.Owner): Promise<string | undefined> {
    const claimed = this.#claimed.get(token);
    if (claimed !== undefined) return claimed;
    await this.#keys.prepare();
    const record = await this.#store.read(id);
    return record?.token === token ? record.operationId : undefined;
  }

  async #open(place: Place, sealed: Uint8Array): Promise<Uint8Array> {
    return open(place, await this.#keys.find(keyVersionOf(sealed)), sealed);
  }

  async #openResult(
    id: string,
    { operationId, result }: { readonly operationId: string; readonly result: contract.StoredResult },
  ): Promise<contract.StoredResult> {
    return { ...result, bytes: await this.#open({ id, operationId, kind: result.kind, name: '' }, result.bytes) };
  }

  async #openSteps(id: string, operationId: string, steps: contract.SavedSteps): Promise<contract.SavedSteps> {
    const opened = new Map<string, Uint8Array>();
    for (const [name, value] of steps)
      opened.set(name, await this.#open({ id, operationId, kind: 'step', name }, value));
    return opened;
  }

  /**
   * Steps that cannot be decrypted must not run again: the claim is given back, and the record keeps them. A lapsed
   * record lapses again, since an open one would run again without a decision.
   */
  async #openClaimed(request: contract.ClaimRequest, claimed: contract.Claimed): Promise<contract.SavedSteps> {
    if (claimed.steps.size === 0) return claimed.steps;
    try {
      return await this.#openSteps(request.id, claimed.operationId, claimed.steps);
    } catch (error) {
      const { id, token, unresolvedRetentionMs } = request;
      if (claimed.tookOver) await this.#store.abandon({ id, token, unresolvedRetentionMs, unused: true });
      else await this.#store.release({ id, token, retentionMs: unresolvedRetentionMs, unused: true });
      throw error;
    }
  }

  /** @param marks - whether values that cannot be decrypted are returned encrypted, with a mark on the record. */
  async #openRecord(record: contract.StoredRecord, marks: boolean): Promise<contract.StoredRecord> {
    const { id, operationId, steps, result, request } = record;
    const faults: unknown[] = [];
    const opened = async <Part>(part: Part, open: (part: Part) => Promise<Part>): Promise<Part> => {
      try {
        return await open(part);
      } catch (error) {
        if (!marks || !isFaultOfRecord(error)) throw error;
        faults.push(error);
        return part;
      }
    };
    const parts = {
      steps: await opened(steps, (sealed) => this.#openSteps(id, operationId, sealed)),
      ...(result && {
        result: await opened(result, (sealed) => this.#openResult(id, { operationId, result: sealed })),
      }),
      ...(request && { request: await opened(request, (sealed) => this.#open(requestPlace(record), sealed)) }),
    };
    return { ...record, ...parts, ...(faults.length > 0 && { unreadable: true }) };
  }
}

/** Whether an error concerns one record only, unlike an unavailable key service. */
function isFaultOfRecord(error: unknown): boolean {
  if (!(error instanceof LatchkeyError)) return false;
  return error.code === 'encryption-key-missing' || error.code === 'record-unreadable';
}

/**
 * A claim does not know yet whether an open record keeps its own operation id, so the request is bound to its
 * fingerprint, which is stored with it.
 */
function requestPlace({ id, fingerprint }: { readonly id: string; readonly fingerprint: string }): Place {
  return { id, operationId: '', kind: 'request', name: fingerprint };
}
