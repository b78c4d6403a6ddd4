import type { AfterFailure } from '../../../src/core/store.ts';
import {
  type Call,
  leaseMs,
  maxResultBytes,
  operationIdOf,
  principalOf,
  retentionMs,
  unresolvedRetentionMs,
} from './calls.ts';

interface ModelRecord {
  /** A record that its owner abandoned can't be renewed; otherwise lapsed is only a matter of time. */
  state: 'held' | 'abandoned' | 'open' | 'completed';
  readonly operationId: string;
  readonly policy: AfterFailure;
  fingerprint: string;
  token: string;
  attempt: number;
  tookOver: boolean;
  endsAt: number;
  completedAt: number;
  steps: [name: string, text: string][];
  result: string | undefined;
  request: string | undefined;
}

/** A simple model of a store: one record for each id, and a clock. */
export class Model {
  now = 0;
  /** How many transactions were committed. */
  effects = 0;
  readonly #records = new Map<string, ModelRecord>();
  readonly #leaseOutlivesThrow: boolean;

  /**
   * @param options.leaseOutlivesThrow - whether a transaction's longer lease is a separate commit, kept when it fails.
   */
  constructor({ leaseOutlivesThrow = false } = {}) {
    this.#leaseOutlivesThrow = leaseOutlivesThrow;
  }

  apply(call: Call): unknown {
    for (const [id, record] of this.#records) if (this.#isOver(record)) this.#records.delete(id);
    switch (call.method) {
      case 'claim':
        return this.#claim(call);
      case 'erase':
        return this.#erase(call.principal);
      case 'sweep':
        return true;
      case 'read':
        return this.#read(call.id);
      case 'list':
        return [...this.#records]
          .filter(([, record]) => this.#stateOf(record) === call.state)
          .map(([id]) => id)
          .sort();
      default:
        return this.#own(call);
    }
  }

  #isOver(record: ModelRecord): boolean {
    const isUnresolved = record.state === 'held' || record.state === 'abandoned';
    return record.endsAt + (isUnresolved ? unresolvedRetentionMs : 0) <= this.now;
  }

  #isLapsed(record: ModelRecord): boolean {
    return record.state === 'abandoned' || (record.state === 'held' && record.endsAt <= this.now);
  }

  #stateOf(record: ModelRecord): string {
    if (this.#isLapsed(record)) return 'lapsed';
    return record.state === 'held' ? 'running' : record.state;
  }

  #claim(call: Extract<Call, { method: 'claim' }>): unknown {
    const record = this.#records.get(call.id);
    if (record === undefined) return this.#create(call);
    const { fingerprint, policy, attempt, operationId } = record;
    const accepts = call.acceptsAny || fingerprint === call.fingerprint;
    if (record.state === 'completed')
      return {
        outcome: 'completed',
        fingerprint,
        result: record.result,
        operationId,
        completedAtMs: record.completedAt,
      };
    if (record.token === call.token) return record.state === 'held' ? this.#hold(record) : { outcome: 'superseded' };
    if (record.state === 'open') {
      if (record.steps.length > 0 && !accepts) return { outcome: 'open', fingerprint };
      if (record.steps.length === 0) Object.assign(record, { fingerprint: call.fingerprint, request: call.request });
      return this.#take(record, call.token, false);
    }
    if (!this.#isLapsed(record)) return { outcome: 'running', fingerprint, leaseLeftMs: record.endsAt - this.now };
    const allowed = call.takeover === 'any' || (call.takeover === 'rerun' && policy === 'rerun');
    if (accepts && allowed && attempt < call.maxAttempts) return this.#take(record, call.token, true);
    return { outcome: 'lapsed', fingerprint, policy, attempt };
  }

  #create(call: Extract<Call, { method: 'claim' }>): unknown {
    const record: ModelRecord = {
      state: 'held',
      operationId: operationIdOf(call.token),
      policy: call.policy,
      fingerprint: call.fingerprint,
      token: call.token,
      attempt: 1,
      tookOver: false,
      endsAt: 0,
      completedAt: 0,
      steps: [],
      result: undefined,
      request: call.request,
    };
    this.#records.set(call.id, record);
    return this.#hold(record);
  }

  #take(record: ModelRecord, token: string, tookOver: boolean): unknown {
    Object.assign(record, { state: 'held', token, tookOver, attempt: record.attempt + 1 });
    return this.#hold(record);
  }

  #hold(record: ModelRecord): unknown {
    record.endsAt = this.now + leaseMs;
    const { attempt, operationId, policy, tookOver } = record;
    return { outcome: 'claimed', attempt, operationId, steps: record.steps.map((step) => [...step]), policy, tookOver };
  }

  #own(call: Exclude<Extract<Call, { token: string }>, { method: 'claim' }>): unknown {
    const record = this.#records.get(call.id);
    const refusal = refusals[call.method] ?? false;
    if (record === undefined || record.token !== call.token) return refusal;
    const isHeld = record.state === 'held' || record.state === 'abandoned';
    if (call.method === 'complete' && record.state === 'completed') return completionAnswer(record);
    if (call.method === 'release' && record.state === 'open') return true;
    if (!isHeld) return refusal;
    switch (call.method) {
      case 'renew':
        return record.state === 'held' && this.#hold(record) !== undefined;
      case 'release':
        return this.#end(record, 'open');
      case 'abandon':
        if (record.state === 'held') record.endsAt = Math.min(record.endsAt, this.now);
        record.state = 'abandoned';
        return true;
      case 'saveStep':
        return this.#saveStep(record, call.name, call.text);
      case 'complete':
        return this.#complete(record, call.text);
      case 'transaction':
        return this.#transact(record, call);
      case 'resolve':
        return this.#resolve(record, call);
    }
  }

  #saveStep(record: ModelRecord, name: string, text: string): true {
    if (!record.steps.some(([saved]) => saved === name)) record.steps.push([name, text]);
    return true;
  }

  #complete(record: ModelRecord, text: string): string {
    record.result = text.length > maxResultBytes ? 'tombstone gone' : `value ${text}`;
    this.#end(record, 'completed');
    return completionAnswer(record);
  }

  #transact(record: ModelRecord, call: Extract<Call, { end: string }>): string {
    if (record.state !== 'held') return 'lost';
    if (call.end !== 'throw' || this.#leaseOutlivesThrow) this.#hold(record);
    if (call.end === 'throw') return 'thrown';
    this.effects += 1;
    if (call.end === 'step') this.#saveStep(record, 'transaction', call.text);
    else this.#complete(record, call.text);
    return 'committed';
  }

  #resolve(record: ModelRecord, call: Extract<Call, { decision: string }>): boolean {
    if (!this.#isLapsed(record)) return false;
    if (call.decision === 'forget') return this.#records.delete(call.id);
    if (call.decision === 'rerun') return this.#end(record, 'open');
    record.result = 'value by hand';
    record.token = 'nobody';
    return this.#end(record, 'completed');
  }

  #end(record: ModelRecord, state: 'open' | 'completed'): true {
    Object.assign(record, { state, endsAt: this.now + retentionMs, completedAt: this.now });
    if (state === 'completed') record.request = undefined;
    return true;
  }

  #erase(principal: string): number {
    const ids = [...this.#records.keys()].filter((id) => principalOf(id) === principal);
    for (const id of ids) this.#records.delete(id);
    return ids.length;
  }

  #read(id: string): unknown {
    const record = this.#records.get(id);
    if (record === undefined) return 'absent';
    const { fingerprint, policy, token, attempt, operationId, steps, result, request } = record;
    const state = this.#stateOf(record);
    const expiresAtMs = record.endsAt + (['running', 'lapsed'].includes(state) ? unresolvedRetentionMs : 0);
    return { state, fingerprint, policy, token, attempt, operationId, expiresAtMs, steps, result, request };
  }
}

/** The result for a caller that isn't the owner. */
const refusals: Partial<Record<Call['method'], string>> = { complete: 'lost', transaction: 'lost' };

function completionAnswer(record: ModelRecord): string {
  return record.result?.startsWith('tombstone') ? 'tombstoned' : 'completed';
}
