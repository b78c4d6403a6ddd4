import { setTimeout as pause } from 'node:timers/promises';
import { claimOf, completionOf, type Scaled } from './scaled.ts';

/** Durations of calls made one after another, in microseconds. */
export interface Latencies {
  readonly claim: readonly number[];
  readonly complete: readonly number[];
  readonly replay: readonly number[];
}

let next = 1_000_000_000;

async function timed(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await call();
  return (performance.now() - start) * 1000;
}

/** Measures the claim and the completion of a new record. */
async function first(store: Scaled['store']): Promise<{ claim: number; complete: number }> {
  const number = next;
  next += 1;
  const token = crypto.randomUUID();
  const claim = await timed(() => store.claim(claimOf(number, token)));
  const complete = await timed(() => store.complete(completionOf(number, token)));
  return { claim, complete };
}

async function replay(store: Scaled['store'], size: number): Promise<void> {
  const outcome = await store.claim(claimOf(Math.floor(Math.random() * size), crypto.randomUUID()));
  if (outcome.outcome !== 'completed') throw new Error(`A replay was ${outcome.outcome}.`);
}

/** @param size - the number of existing records. */
export async function latencies(store: Scaled['store'], size: number, samples: number): Promise<Latencies> {
  const claim: number[] = [];
  const complete: number[] = [];
  const replays: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    const taken = await first(store);
    claim.push(taken.claim);
    complete.push(taken.complete);
    replays.push(await timed(() => replay(store, size)));
  }
  return { claim, complete, replay: replays };
}

/** Claims at a steady pace for a while; returns the durations. */
export async function pacedClaims(store: Scaled['store'], seconds: number): Promise<number[]> {
  const end = performance.now() + seconds * 1000;
  const taken: number[] = [];
  while (performance.now() < end) {
    taken.push((await first(store)).claim);
    await pause(1);
  }
  return taken;
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
