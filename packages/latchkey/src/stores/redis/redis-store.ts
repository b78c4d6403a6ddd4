/**
 * The store's methods, each as one script.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { StoreUnavailableError } from '../../core/errors.ts';
import type { Runtime } from '../../core/runtime.ts';
import type * as contract from '../../core/store.ts';
import { withTimeLimit } from '../../core/support/store-call.ts';
import { toReadRecord } from '../record/entry.ts';
import { ChangeFeed } from './change-feed.ts';
import { claimArguments, claimOutcome, created, isTaken } from './claim.ts';
import { type Argument, argumentOf, type Wire } from './clients/wire.ts';
import { type DoctorOptions, examine, type RedisFinding } from './doctor.ts';
import { failure, isOutOfMemory, isUnknownScript, isWriteRefused, tooFewReplicas, unreadable } from './errors.ts';
import { listPage } from './listing.ts';
import { lifeMs, newRecord } from './new-record.ts';
import { ReplicaWait, type WaitReplicas } from './replicas.ts';
import { completedOf, entryOf, isCompleted } from './row.ts';
import { scan, scanStart } from './scan.ts';
import { type Script, scripts } from './scripts.ts';

/** What a {@link RedisStore} is made of. */
export interface RedisParts {
  readonly wire: Wire;
  readonly prefix: string;
  readonly maxResultBytes: number;
  readonly waitReplicas: WaitReplicas | undefined;
  readonly timeoutMs: number;
  readonly runtime: Runtime;
}

/** Stands where a worker's token was: that worker's late completion must not pass for the operator's. */
const resolvedToken = 'resolved';

const kinds = { value: 0, tombstone: 8 };
/** Added where somebody may be waiting for the record. */
const notifying = 16;
const isUnreadable = -1;
const isTombstone = 2;
const retryWhenTooFewMs = 1_000;

/** See `redisStore`. */
export class ScriptedStore implements contract.Store {
  readonly name = 'redis';
  readonly volatile = false;
  readonly #parts: RedisParts;
  readonly #feed: ChangeFeed;
  readonly #replicas: ReplicaWait | undefined;
  #closed = false;

  constructor(parts: RedisParts) {
    const { wire, prefix, waitReplicas } = parts;
    this.#parts = parts;
    this.#feed = new ChangeFeed({ prefix, open: (onMessage) => wire.subscriber(onMessage) });
    this.#replicas = waitReplicas && new ReplicaWait(wire, waitReplicas);
  }

  async claim(request: contract.ClaimRequest): Promise<contract.ClaimOutcome> {
    const outcome = (await this.#claimNew(request)) ?? (await this.#claimAny(request));
    if (this.#replicas !== undefined && isTaken(outcome)) await this.#confirmClaim(request, outcome);
    return outcome;
  }

  renew(request: contract.RenewRequest): Promise<boolean> {
    const { id, token, leaseMs, unresolvedRetentionMs } = request;
    return this.#ask(scripts.renew, id, [token, String(leaseMs), String(unresolvedRetentionMs)]);
  }

  async complete(request: contract.CompleteRequest): Promise<contract.CompleteOutcome> {
    const reply = await this.#complete(request);
    if (reply === isUnreadable) throw notARecord();
    if (reply === 0) return 'lost';
    this.#feed.notify(request.id);
    if (this.#replicas !== undefined) await this.#confirm(request.id);
    return reply === isTombstone ? 'tombstoned' : 'completed';
  }

  release({ id, token, retentionMs, notify, unused }: contract.ReleaseRequest): Promise<boolean> {
    return this.#change(scripts.release, id, [token, String(retentionMs), notify ? '1' : '0', unused ? '1' : '0']);
  }

  abandon({ id, token, unresolvedRetentionMs, unused }: contract.AbandonRequest): Promise<boolean> {
    return this.#change(scripts.abandon, id, [token, String(unresolvedRetentionMs), unused ? '1' : '0']);
  }

  saveStep({ id, token, name, value }: contract.SaveStepRequest): Promise<boolean> {
    return this.#ask(scripts.saveStep, id, [token, name, argumentOf(value)]);
  }

  watch(id: string, onChange: () => void): () => void {
    return this.#feed.watch(id, onChange);
  }

  async read(id: string): Promise<contract.StoredRecord | undefined> {
    const reply = await this.#bounded(this.#run(scripts.read, id, ['']));
    if (reply === isUnreadable) throw notARecord();
    return recordIn(reply, id);
  }

  /** What this version can't read is not listed, or one foreign value would hide all the rest. */
  async list(request: contract.ListRequest): Promise<contract.RecordPage> {
    const look = async (id: string) => {
      const reply = await this.#bounded(this.#run(scripts.read, id, [request.state]).catch(skipUnreadable));
      return reply === isUnreadable ? undefined : recordIn(reply, id);
    };
    return this.#reaching(() => listPage({ ...this.#parts, look }, request));
  }

  resolve({ id, token, resolution }: contract.ResolveRequest): Promise<boolean> {
    const retention = resolution.decision === 'forget' ? 0 : resolution.retentionMs;
    const result = resolution.decision === 'respond' ? resolution.result : undefined;
    const bytes = result === undefined ? '' : argumentOf(result.bytes);
    const kind = String(kinds[result?.kind ?? 'value']);
    const args = [token, resolution.decision, String(retention), kind, bytes, resolvedToken];
    return this.#bounded(this.#change(scripts.resolve, id, args));
  }

  async erase(principal: string): Promise<number> {
    const { wire, prefix } = this.#parts;
    let erased = 0;
    const eraseOne = async (id: string) => {
      const reply = await this.#bounded(this.#run(scripts.erase, id, [principal]).catch(skipUnreadable));
      if (reply !== 1) return;
      erased += 1;
      this.#feed.notify(id);
    };
    await this.#reaching(async () => {
      for await (const { ids } of scan(wire, prefix, scanStart)) await Promise.all(ids.map(eraseOne));
    });
    return erased;
  }

  /** Redis removes what expired by itself. */
  async sweep(): Promise<number> {
    return 0;
  }

  async ping(): Promise<void> {
    await this.#reaching(async () => {
      const nodes = await this.#bounded(this.#parts.wire.nodes());
      await this.#bounded(Promise.all(nodes.map((node) => node.command('PING'))));
    });
  }

  /** What may lose records, by name; see `RedisFinding`. */
  doctor(options: DoctorOptions = {}): Promise<readonly RedisFinding[]> {
    const { wire, runtime } = this.#parts;
    return this.#reaching(() => this.#bounded(examine(wire, runtime.clock, options)));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#feed.close();
  }

  /**
   * New keys and replays need no script, which would cost the server three times as much. Undefined for a record that is
   * there and not completed, and where a server refuses what may write: what is completed it can show all the same.
   */
  async #claimNew(request: contract.ClaimRequest): Promise<contract.ClaimOutcome | undefined> {
    this.#assertOpen();
    const record = newRecord(request);
    if (record === undefined) return undefined;
    const { wire, prefix } = this.#parts;
    try {
      const found = await wire.setNew(prefix + request.id, record, lifeMs(request));
      if (found === null) return created(request);
      return found instanceof Buffer && isCompleted(found) ? completedOf(found) : undefined;
    } catch (error) {
      if (isWriteRefused(error)) return undefined;
      throw failure(error);
    }
  }

  async #claimAny(request: contract.ClaimRequest): Promise<contract.ClaimOutcome> {
    return claimOutcome(await this.#run(scripts.claim, request.id, claimArguments(request)), request);
  }

  #complete({ id, token, retentionMs, result, tombstone, notify }: contract.CompleteRequest): Promise<unknown> {
    const argumentsFor = ({ kind, bytes }: contract.StoredResult): Argument[] => [
      token,
      String(retentionMs),
      String(kinds[kind] + (notify ? notifying : 0)),
      argumentOf(bytes),
    ];
    const fits = result.bytes.byteLength <= this.#parts.maxResultBytes;
    const shorter: contract.StoredResult = { kind: 'tombstone', bytes: tombstone };
    return this.#run(scripts.complete, id, argumentsFor(fits ? result : shorter)).catch((error: unknown) => {
      if (!isOutOfMemory(Reflect.get(Object(error), 'cause'))) throw error;
      return this.#run(scripts.completeWhenFull, id, argumentsFor(shorter));
    });
  }

  async #change(script: Script, id: string, args: readonly Argument[]): Promise<boolean> {
    const changed = await this.#ask(script, id, args);
    if (changed) this.#feed.notify(id);
    return changed;
  }

  async #ask(script: Script, id: string, args: readonly Argument[]): Promise<boolean> {
    const reply = await this.#run(script, id, args);
    if (reply === isUnreadable) throw notARecord();
    return reply === 1;
  }

  /** A server that was restarted, or took over, knows no script: then the script itself is sent, and known again. */
  async #run(script: Script, id: string, args: readonly Argument[]): Promise<unknown> {
    this.#assertOpen();
    const { wire, prefix } = this.#parts;
    const key = prefix + id;
    try {
      return await wire.evalSha(script.sha, key, args);
    } catch (error) {
      if (!isUnknownScript(error)) throw failure(error);
    }
    return wire.eval(script.source, key, args).catch(fail);
  }

  async #reaching<T>(call: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    return call().catch(fail);
  }

  /** For what the engine does not bound. */
  #bounded<T>(call: Promise<T>): Promise<T> {
    return withTimeLimit(this.#parts.runtime, this.#parts.timeoutMs, call);
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreUnavailableError('The Redis store is closed.');
  }

  /**
   * A claim that too few replicas have might be given twice after a failover, so it is given back: a record that was lapsed
   * lapses again.
   */
  async #confirmClaim(request: contract.ClaimRequest, { tookOver }: contract.Claimed): Promise<void> {
    const { id, token, unresolvedRetentionMs } = request;
    try {
      await this.#confirm(id, retryWhenTooFewMs);
    } catch (error) {
      const unused = { id, token, unused: true };
      const givenBack = tookOver
        ? this.abandon({ ...unused, unresolvedRetentionMs })
        : this.release({ ...unused, retentionMs: unresolvedRetentionMs });
      await givenBack.catch(() => false);
      throw error;
    }
  }

  async #confirm(id: string, retryAfterMs?: number): Promise<void> {
    const { waitReplicas, prefix } = this.#parts;
    if (this.#replicas === undefined || waitReplicas === undefined) return;
    const reached = await this.#replicas.reached(prefix + id).catch(fail);
    if (reached < waitReplicas.replicas) throw tooFewReplicas(reached, waitReplicas.replicas, retryAfterMs);
  }
}

function fail(error: unknown): never {
  throw failure(error);
}

function notARecord(): Error {
  return unreadable('a value under this key was not written by Latchkey');
}

function skipUnreadable(error: unknown): undefined {
  if (Reflect.get(Object(error), 'code') !== 'record-unreadable') throw error;
  return undefined;
}

function recordIn(reply: unknown, id: string): contract.StoredRecord | undefined {
  const [now, expiresAtMs, bytes]: readonly unknown[] = Array.isArray(reply) ? reply : [];
  if (!(bytes instanceof Buffer)) return undefined;
  return toReadRecord(entryOf({ id, bytes, expiresAtMs: Number(expiresAtMs) }), Number(now));
}
