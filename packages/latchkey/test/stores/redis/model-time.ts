/**
 * Scales the model's times for a real server: a unit of the model is many milliseconds there, so that the real duration
 * of a run does not matter.
 */

import type { Redis } from 'ioredis';
import type { ClaimOutcome, OperatorStore, StoredRecord } from '../../../src/core/store.ts';
import { type ManualRuntime, manualRuntime } from '../../../src/testing/index.ts';
import { age, serverTime } from './time-travel.ts';

const msPerUnit = 10_000;

/** A clock for the model, and the same store in its units. */
export interface ModelTime {
  readonly runtime: ManualRuntime;
  readonly store: OperatorStore;
}

/** @param prefix - of the store's keys. */
export async function modelTime(server: Redis, prefix: string, store: OperatorStore): Promise<ModelTime> {
  const runtime = manualRuntime();
  const startedAt = runtime.clock.now();
  const serverStartedAt = await serverTime(server);
  const advance = async (units: number) => {
    await age([server], prefix, units * msPerUnit);
    await runtime.advance(units);
  };
  const toUnits = (serverMs: number) => {
    const agedMs = (runtime.clock.now() - startedAt) * msPerUnit;
    return startedAt + Math.floor((serverMs + agedMs - Math.floor(serverStartedAt)) / msPerUnit);
  };
  return { runtime: { ...runtime, advance }, store: inUnits(store, toUnits) };
}

function inUnits(store: OperatorStore, toUnits: (serverMs: number) => number): OperatorStore {
  return {
    name: store.name,
    volatile: store.volatile,
    claim: async (request) => claimInUnits(await store.claim(longer(request)), toUnits),
    renew: (request) => store.renew(longer(request)),
    complete: (request) => store.complete(longer(request)),
    release: (request) => store.release(longer(request)),
    abandon: (request) => store.abandon(longer(request)),
    saveStep: (request) => store.saveStep(request),
    read: async (id) => recordInUnits(await store.read(id), toUnits),
    list: (request) => store.list(request),
    resolve: (request) => store.resolve({ ...request, resolution: longer(request.resolution) }),
    erase: (principal) => store.erase(principal),
    sweep: (limit) => store.sweep(limit),
    ping: () => store.ping(),
    close: () => store.close(),
  };
}

const durations = ['leaseMs', 'retentionMs', 'unresolvedRetentionMs'];

function longer<T extends object>(request: T): T {
  const given = Object.entries(request).filter(([name]) => durations.includes(name));
  return { ...request, ...Object.fromEntries(given.map(([name, units]) => [name, Number(units) * msPerUnit])) };
}

function claimInUnits(outcome: ClaimOutcome, toUnits: (serverMs: number) => number): ClaimOutcome {
  if (outcome.outcome === 'running') return { ...outcome, leaseLeftMs: Math.ceil(outcome.leaseLeftMs / msPerUnit) };
  if (outcome.outcome === 'completed') return { ...outcome, completedAtMs: toUnits(outcome.completedAtMs) };
  return outcome;
}

function recordInUnits(
  record: StoredRecord | undefined,
  toUnits: (serverMs: number) => number,
): StoredRecord | undefined {
  return record && { ...record, expiresAtMs: toUnits(record.expiresAtMs) };
}
