/**
 * Small real applications generated from seeds, with and without their guard, under a difficult client:
 *
 *     npm run edges -- --seed 7        prints the world of one seed
 *     npm run edges -- --seeds 5000    plays many, from 1 or from --from
 *     npm run edges -- --faults        says which seed catches which deliberate fault
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { summary } from './simulation/client/answer.ts';
import { faults } from './simulation/faults/catalogue.ts';
import { catchFault, mostSeeds } from './simulation/faults/catch-fault.ts';
import { allowed } from './simulation/judge/allowed.ts';
import { type Tried, trySeed } from './simulation/judge/try-seed.ts';
import { loadLibrary } from './simulation/world/library.ts';
import { catchStrays, type Played } from './simulation/world/play.ts';
import { startUpstream } from './simulation/world/upstream.ts';
import type { Surroundings } from './simulation/world/world.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '500' },
    from: { type: 'string', default: '1' },
    faults: { type: 'boolean', default: false },
  },
});

const dist = fileURLToPath(new URL('../packages/latchkey/dist', import.meta.url));

/** Number of worlds in which every allowed difference must be used; an unused one allows too much. */
const longRun = 2_000;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function printPlayed(name: string, played: Played): void {
  say(`\n${name}`);
  say(`  first: ${summary(played.first)}`);
  if (played.twin !== undefined) say(`  twin:  ${summary(played.twin)}`);
  for (const retry of played.retries) say(`  retry: ${summary(retry)}`);
  for (const { view, steps, events } of played.runs) {
    say(`  run:   ${JSON.stringify(view)}`);
    for (const step of steps) say(`         ${step}`);
    say(`         ${[...events].join(', ')}`);
  }
  say(`  effects: ${played.effects}, held ${played.heldMs} ms, stray: ${played.stray.join(' | ') || 'none'}`);
}

function printDifferences({ found: { plan }, differences }: Tried): void {
  for (const { rule, part, expected, found } of differences) {
    say(
      `seed ${plan.seed} DIFFERS ${rule}: ${part} (${plan.framework}, ${plan.handler}, client ${plan.story})\n    expected ${expected}\n    found    ${found}`,
    );
  }
}

async function showSeed(seed: number, around: Surroundings): Promise<boolean> {
  const tried = await trySeed(seed, around);
  const { plan, reference, bare, guarded } = tried.found;
  say(JSON.stringify(plan, null, 2));
  printPlayed('bare, a client that waits', reference);
  if (bare !== reference) printPlayed('bare', bare);
  printPlayed('guarded', guarded);
  say('');
  printDifferences(tried);
  for (const { name } of tried.used) say(`allowed: ${name}`);
  return tried.differences.length === 0;
}

async function playSeeds(from: number, count: number, around: Surroundings): Promise<boolean> {
  const start = performance.now();
  const uses = new Map(allowed.map(({ name }) => [name, 0]));
  let failed = 0;
  let slowest = { seed: 0, tookMs: 0 };
  for (let seed = from; seed < from + count; seed += 1) {
    const began = performance.now();
    const tried = await trySeed(seed, around);
    const tookMs = performance.now() - began;
    if (tookMs > slowest.tookMs) slowest = { seed, tookMs };
    printDifferences(tried);
    if (tried.differences.length > 0) failed += 1;
    for (const { name } of tried.used) uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  const seconds = (performance.now() - start) / 1_000;
  for (const [name, times] of uses) say(`${String(times).padStart(6)} × allowed: ${name}`);
  say(`${count} seeds from ${from}: ${failed} with differences (${seconds.toFixed(1)} s)`);
  say(`the slowest was seed ${slowest.seed} (${slowest.tookMs.toFixed(0)} ms)`);
  const unused = count < longRun ? [] : [...uses].filter(([, times]) => times === 0);
  for (const [name] of unused) say(`NEVER USED: ${name}`);
  return failed === 0 && unused.length === 0;
}

async function catchFaults(around: Surroundings): Promise<boolean> {
  let missed = 0;
  for (const fault of faults) {
    const caught = await catchFault(dist, fault, around);
    if (caught === undefined) missed += 1;
    say(`${caught === undefined ? 'NOT CAUGHT' : `seed ${String(caught.seed).padStart(5)}`}  ${fault.name}`);
    if (caught !== undefined) say(`            ${caught.difference.rule}: ${caught.difference.part}`);
  }
  say(`${faults.length - missed} of ${faults.length} faults are caught, each within ${mostSeeds} seeds`);
  return missed === 0;
}

async function main(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-edges-'));
  const file = join(folder, 'invoice.txt');
  writeFileSync(file, 'invoice '.repeat(20));
  catchStrays();
  const { url } = await startUpstream();
  const around = { library: await loadLibrary(dist), upstream: url, file };
  try {
    if (values.faults) return await catchFaults(around);
    if (values.seed !== undefined) return await showSeed(Number(values.seed), around);
    return await playSeeds(Number(values.from), Number(values.seeds), around);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

main().then(
  (ok) => process.exit(ok ? 0 : 1),
  (error: unknown) => {
    say(error instanceof Error ? String(error.stack) : String(error));
    process.exit(2);
  },
);
