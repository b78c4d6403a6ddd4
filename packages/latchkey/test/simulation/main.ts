/**
 * Deterministic simulation from the command line:
 *
 *     npm run simulate -- --seed 7          prints everything that happens in the world of one seed
 *     npm run simulate -- --seeds 10000     plays many, from 1 or from --from
 *     npm run simulate -- --faults          says which seed catches which deliberate fault
 */

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { faults } from './faults/catalogue.ts';
import { judge } from './judge.ts';
import type { Broken, Done, Job } from './runner/job.ts';
import { performAll } from './runner/pool.ts';
import { Progress } from './runner/progress.ts';
import { printed } from './world/history.ts';

const seedsPerJob = 25;
const mostSeedsPerFault = 2_000;
/** More threads only help on larger machines than that of the times in CONTRIBUTING.md. */
const threads = availableParallelism();

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    fault: { type: 'string' },
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    faults: { type: 'boolean', default: false },
  },
});

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function whole(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`--${name} must be a whole number.`);
  return number;
}

function chosenFault(name: string | undefined) {
  if (name === undefined) return {};
  const fault = faults[name];
  if (fault === undefined)
    throw new Error(`There is no fault ${JSON.stringify(name)}. Known are: ${Object.keys(faults).join('; ')}.`);
  return fault;
}

async function replaySeed(seed: number): Promise<boolean> {
  const { events, violations } = await judge(seed, chosenFault(values.fault));
  process.stdout.write(printed(events));
  for (const { rule, detail } of violations) say(`BROKEN ${rule}: ${detail}`);
  return violations.length === 0;
}

/** Runs the jobs with a progress bar; `total` is the sum of their amounts. */
async function underWay(jobs: readonly Job[], total: number, amount: (done: Done) => number): Promise<Done[]> {
  const progress = new Progress(total, process.stderr);
  const all: Done[] = [];
  let sum = 0;
  await performAll(jobs, threads, (done) => {
    all.push(done);
    sum += amount(done);
    progress.show(sum, `${all.filter(({ broken }) => broken.length > 0).length} with findings`);
  });
  progress.end();
  return all;
}

async function playSeeds(from: number, count: number): Promise<boolean> {
  const start = performance.now();
  const jobs: Job[] = [];
  for (let seed = from; seed < from + count; seed += seedsPerJob)
    jobs.push({ kind: 'seeds', from: seed, to: Math.min(seed + seedsPerJob, from + count) - 1 });
  const all = await underWay(jobs, count, ({ played }) => played);
  const broken = all.flatMap((done) => done.broken).sort((a, b) => a.seed - b.seed);
  for (const { seed, rule, detail } of broken) say(`seed ${seed} BROKEN ${rule}: ${detail}`);
  const events = all.reduce((sum, done) => sum + done.events, 0);
  const took = ((performance.now() - start) / 1_000).toFixed(1);
  say(
    `${count} seeds from ${from}, ${events} events, ${broken.length} broken promises (${took} s on ${threads} threads)`,
  );
  return broken.length === 0;
}

function runResultOf(job: Job, [first]: readonly Broken[]): string {
  const name = job.kind === 'fault' ? job.name : '';
  return first === undefined
    ? `NOT CAUGHT  ${name}`
    : `seed ${String(first.seed).padStart(4)}  ${name}\n           ${first.rule}: ${first.detail}`;
}

async function catchFaults(): Promise<boolean> {
  const jobs = Object.keys(faults).map((name): Job => ({ kind: 'fault', name, mostSeeds: mostSeedsPerFault }));
  const all = await underWay(jobs, jobs.length, () => 1);
  for (const job of jobs) {
    const done = all.find((one) => one.job.kind === 'fault' && job.kind === 'fault' && one.job.name === job.name);
    say(runResultOf(job, done?.broken ?? []));
  }
  const caught = all.filter(({ broken }) => broken.length > 0).length;
  say(`${caught} of ${jobs.length} faults caught within ${mostSeedsPerFault} seeds`);
  return caught === jobs.length;
}

function run(): Promise<boolean> {
  if (values.seed !== undefined) return replaySeed(whole('seed', values.seed));
  return values.faults ? catchFaults() : playSeeds(whole('from', values.from), whole('seeds', values.seeds));
}

process.exitCode = (await run()) ? 0 : 1;
