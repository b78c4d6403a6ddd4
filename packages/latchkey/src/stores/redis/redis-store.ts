/**
 * The store's methods; each runs one command or script.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { StoreUnavailableError } from '../../core/errors.ts';
import type { Runtime } from '../../core/runtime.ts';
import type * as contract from '../../core/store.ts';
import { withTimeLimit } from '../../core/support/store-call.ts';
import { toReadRecord } from '../record/entry.ts';
import { resolvedToken } from '../record/own-entry.ts';
import { ChangeFeed } from './change-feed.ts';
import { claimArguments, claimOutcome } from './claim.ts';
import { type Argument, argumentOf, type Wire } from './clients/wire.ts';
import type { DoctorOptions, RedisFinding } from './doctor.ts';
import { isOutOfMemory, isUnknownScript, isWriteRefused, notARecord, tooFewReplicas, toStoreError } from './errors.ts';
import { ReplicaWait, type WaitReplicas } from './replicas.ts';
import { completedOf, created, entryOf, isCompleted, lifeMs, newRecord } from './row.ts';
import { type Script, scripts } from './scripts.ts';

/** The parts of a {@link ScriptedStore}. */
export interface RedisParts {
  readonly wire: Wire;
  readonly prefix: string;
  readonly maxResultBytes: number;
  readonly waitReplicas: WaitReplicas | undefined;
  readonly timeoutMs: number;
  readonly runtime: Runtime;
}

/** The flag of a result in the scripts' arguments. */
const kinds = { value: '0', tombstone: '8' };
const isUnreadable = -1;
const isTombstone = 2;
const retryWhenTooFewMs = 1_000;

/** See `redisStore`. */
export class ScriptedStore implements contract.OperatorStore {
  readonly name = 'redis';
  readonly volatile = false;
  readonly #parts: RedisParts;
  readonly #wire: Wire;
  readonly #prefix: string;
  readonly #feed: ChangeFeed;
  readonly #replicas: ReplicaWait | undefined;
  #closed = false;

  constructor(parts: RedisParts) {
    const { wire, prefix, waitReplicas } = parts;
    this.#parts = parts;
    this.#wire = wire;
    this.#prefix = prefix;
    this.#feed = new ChangeFeed({ prefix, open: (onMessage) => wire.subscriber(onMessage) });
    this.#replicas = waitReplicas && new ReplicaWait(wire, waitReplicas);
  }

  /**
   * New keys and replays need no script, which would cost the server three times as much. The script handles existing
   * records that are not completed, and servers that refuse commands which may write: it still returns completed
   * records there.
   */
  async claim(request: contract.ClaimRequest): Promise<contract.ClaimOutcome> {
    this.#assertOpen();
    const record = newRecord(request);
    let found: unknown;
    if (record !== undefined) {
      try {
        found = await this.#wire.setNew(this.#prefix + request.id, record, lifeMs(request));
      } catch (error) {
        if (!isWriteRefused(error)) throw toStoreError(error);
      }
    }
    if (found instanceof Buffer && isCompleted(found)) return completedOf(found);
    const outcome = found === null ? created(request) : await this.#claimFound(request);
    if (this.#replicas !== undefined && outcome.outcome === 'claimed') await this.#confirmClaim(request, outcome);
    return outcome;
  }

  renew(request: contract.RenewRequest): Promise<boolean> {
    const { id, token, leaseMs, unresolvedRetentionMs } = request;
    return this.#ask(scripts.renew, id, [token, String(leaseMs), String(unresolvedRetentionMs)]);
  }

  async complete(request: contract.CompleteRequest): Promise<contract.CompleteOutcome> {
    const { id, result } = request;
    const fits = result.bytes.byteLength <= this.#parts.maxResultBytes;
    let reply: unknown;
    try {
      reply = await this.#send(scripts.complete, id, completeArguments(request, fits ? result : tombstoneOf(request)));
    } catch (error) {
      reply = await this.#completeAfter(error, request, fits);
    }
    if (reply === isUnreadable) throw notARecord();
    if (reply === 0) return 'lost';
    this.#feed.notify(id);
    if (this.#replicas !== undefined) await this.#confirm(id);
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

  /** Values that this version cannot read are left out; otherwise one of them would hide all other records. */
  async list(request: contract.ListRequest): Promise<contract.RecordPage> {
    const look = async (id: string) => {
      const reply = await this.#bounded(this.#run(scripts.read, id, [request.state]).catch(skipUnreadable));
      return reply === isUnreadable ? undefined : recordIn(reply, id);
    };
    return this.#reaching(async () => (await loadScan()).listPage({ ...this.#parts, look }, request));
  }

  resolve({ id, token, resolution }: contract.ResolveRequest): Promise<boolean> {
    const retention = resolution.decision === 'forget' ? 0 : resolution.retentionMs;
    const result = resolution.decision === 'respond' ? resolution.result : undefined;
    const bytes = result === undefined ? '' : argumentOf(result.bytes);
    const kind = kinds[result?.kind ?? 'value'];
    const args = [token, resolution.decision, String(retention), kind, bytes, resolvedToken];
    return this.#bounded(this.#change(scripts.resolve, id, args));
  }

  async erase(principal: string): Promise<number> {
    let erased = 0;
    const eraseOne = async (id: string) => {
      const reply = await this.#bounded(this.#run(scripts.erase, id, [principal]).catch(skipUnreadable));
      if (reply !== 1) return;
      erased += 1;
      this.#feed.notify(id);
    };
    await this.#reaching(async () => {
      const { scan, scanStart } = await loadScan();
      for await (const { ids } of scan(this.#wire, this.#prefix, scanStart)) await Promise.all(ids.map(eraseOne));
    });
    return erased;
  }

  /** Redis removes expired records itself. */
  async sweep(): Promise<number> {
    return 0;
  }

  async ping(): Promise<void> {
    await this.#reaching(async () => {
      const nodes = await this.#bounded(this.#wire.nodes());
      await this.#bounded(Promise.all(nodes.map((node) => node.command('PING'))));
    });
  }

  now(): Promise<number> {
    return this.#reaching(async () => this.#bounded((await import('./doctor.ts')).timeOf(this.#wire)));
  }

  /** Reports what may lose records; see `RedisFinding`. */
  doctor(options: DoctorOptions = {}): Promise<readonly RedisFinding[]> {
    const { clock } = this.#parts.runtime;
    return this.#reaching(async () => {
      const { examine } = await import('./doctor.ts');
      return this.#bounded(examine(this.#wire, clock, options));
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#feed.close();
  }

  async #claimFound(request: contract.ClaimRequest): Promise<contract.ClaimOutcome> {
    return claimOutcome(await this.#run(scripts.claim, request.id, claimArguments(request)), request);
  }

  /** Sends the completion again: with the script's source if the server lacks it, with the tombstone if memory is full. */
  async #completeAfter(error: unknown, request: contract.CompleteRequest, fits: boolean): Promise<unknown> {
    const { id, result } = request;
    try {
      const args = completeArguments(request, fits ? result : tombstoneOf(request));
      return await this.#teach(error, scripts.complete, id, args);
    } catch (failed) {
      if (!isOutOfMemory(failed)) throw toStoreError(failed);
      return this.#run(scripts.completeWhenFull, id, completeArguments(request, tombstoneOf(request)));
    }
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

  async #run(script: Script, id: string, args: readonly Argument[]): Promise<unknown> {
    try {
      return await this.#send(script, id, args);
    } catch (error) {
      return this.#teach(error, script, id, args).catch(fail);
    }
  }

  #send(script: Script, id: string, args: readonly Argument[]): Promise<unknown> {
    this.#assertOpen();
    return this.#wire.evalSha(script.sha, this.#prefix + id, args);
  }

  /** A restarted or new server has no scripts: EVAL sends the source, after which the server knows it. */
  async #teach(error: unknown, script: Script, id: string, args: readonly Argument[]): Promise<unknown> {
    if (!isUnknownScript(error)) throw error;
    return this.#wire.eval(script.source, this.#prefix + id, args);
  }

  async #reaching<T>(call: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    return call().catch(fail);
  }

  /** A time limit for calls that the engine does not limit. */
  #bounded<T>(call: Promise<T>): Promise<T> {
    return withTimeLimit(this.#parts.runtime, this.#parts.timeoutMs, call);
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreUnavailableError('The Redis store is closed.');
  }

  /** A claim that too few replicas have could be granted twice after a failover. It is given back, or lapses again. */
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
    const { waitReplicas } = this.#parts;
    if (this.#replicas === undefined || waitReplicas === undefined) return;
    const reached = await this.#replicas.reached(this.#prefix + id).catch(fail);
    if (reached < waitReplicas.replicas) throw tooFewReplicas(reached, waitReplicas.replicas, retryAfterMs);
  }
}

/** Only `list` and `erase` of operators need it. */
const loadScan = () => import('./scan.ts');

function completeArguments(request: contract.CompleteRequest, { kind, bytes }: contract.StoredResult): Argument[] {
  const { token, retentionMs, notify } = request;
  const args = [token, String(retentionMs), kinds[kind], argumentOf(bytes)];
  if (notify === true) args.push('1');
  return args;
}

function tombstoneOf({ tombstone }: contract.CompleteRequest): contract.StoredResult {
  return { kind: 'tombstone', bytes: tombstone };
}

function fail(error: unknown): never {
  throw toStoreError(error);
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
