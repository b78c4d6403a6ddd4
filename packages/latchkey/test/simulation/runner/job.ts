/** The jobs of a run's threads, and their results. */

import type { Violation } from '../checker/checker.ts';
import { faults } from '../faults/catalogue.ts';
import { firstToCatch, judge } from '../judge.ts';

/** A range of seeds, or a fault to be caught. */
export type Job =
  | { readonly kind: 'seeds'; readonly from: number; readonly to: number }
  | { readonly kind: 'fault'; readonly name: string; readonly mostSeeds: number };

/** A promise that a seed broke. */
export interface Broken extends Violation {
  readonly seed: number;
}

/** The result of a job. */
export interface Done {
  readonly job: Job;
  /** Number of seeds. */
  readonly played: number;
  /** Number of events in their worlds. */
  readonly events: number;
  readonly broken: readonly Broken[];
}

/** Runs a job. */
export function perform(job: Job): Promise<Done> {
  return job.kind === 'seeds' ? playSeeds(job) : catchFault(job);
}

async function playSeeds(job: Extract<Job, { kind: 'seeds' }>): Promise<Done> {
  const broken: Broken[] = [];
  let events = 0;
  for (let seed = job.from; seed <= job.to; seed += 1) {
    const judged = await judge(seed);
    events += judged.events.length;
    for (const violation of judged.violations) broken.push({ seed, ...violation });
  }
  return { job, played: job.to - job.from + 1, events, broken };
}

async function catchFault(job: Extract<Job, { kind: 'fault' }>): Promise<Done> {
  const caught = await firstToCatch(faults[job.name] ?? {}, job.mostSeeds);
  const broken = (caught?.violations ?? []).map((violation) => ({ seed: caught?.seed ?? 0, ...violation }));
  return { job, played: caught?.seed ?? job.mostSeeds, events: 0, broken };
}
