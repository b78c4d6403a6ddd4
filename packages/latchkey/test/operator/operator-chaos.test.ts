/**
 * Operators, workers that take over records, and a store that fails, loses replies, repeats and delays calls, from one
 * seed. Checked against the writes that the store applied. `CHAOS_SEED` replays one run.
 */

import { expect, it } from 'vitest';
import type { ResolveRequest } from '../../src/core/store.ts';
import { digestParts } from '../../src/core/support/digest.ts';
import { type AuditEntry, type Decision, operator } from '../../src/operator/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { faultyStore, manualRuntime, randomFaults } from '../../src/testing/index.ts';
import { seededFraction } from '../../src/testing/manual-clock.ts';
import { created, lapse, takeOver } from './records.ts';

const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
const rounds = 60;
const people = ['ann', 'ben', 'carl'];
const decisions: readonly Decision[] = [created, 'rerun', 'forget', { response: { status: 402 } }];

/** The applied write, and the record's token at that time. */
interface Applied {
  readonly request: ResolveRequest;
  readonly held: string | undefined;
}

type Break = (store: ReturnType<typeof memoryStore>, request: ResolveRequest) => Promise<boolean>;

const asIs: Break = (store, request) => store.resolve(request);

async function play(seed: number, approvals: 1 | 2, resolve = asIs) {
  const runtime = manualRuntime(seed);
  const memory = memoryStore({ runtime });
  const chance = seededFraction(seed + 1);
  const pick = <T>(items: readonly T[]): T => {
    const item = items[Math.floor(chance() * items.length)];
    if (item === undefined) throw new Error('There is nothing to pick.');
    return item;
  };
  const applied: Applied[] = [];
  const watched = {
    ...faultyStore(memory).store,
    resolve: async (request: ResolveRequest) => {
      const held = (await memory.read(request.id))?.token;
      const isApplied = await resolve(memory, request);
      if (isApplied) applied.push({ request, held });
      return isApplied;
    },
  };
  const { store, faults } = faultyStore(watched, runtime);
  const operators = people.map(() => operator({ store, runtime, approvals, approvalWithinMs: 30_000 }));
  const proposals: { id: string; token: string; proposal: string }[] = [];
  const tokens: { id: string; token: string }[] = [];
  faults.plan(randomFaults({ seed: seed + 2, probability: 0.2, maxDelayMs: 3_000 }));

  const act = async (): Promise<void> => {
    const by = { who: pick(people), why: 'in chaos' };
    const [seen, kind] = [pick(tokens), chance()];
    const known = proposals.length > 0 && kind < 0.6 ? pick(proposals) : undefined;
    if (known !== undefined && kind < 0.15) return pick(operators).withdraw(known.id, known.token, { ...known, ...by });
    if (known !== undefined) return void (await pick(operators).approve(known.id, known.token, { ...known, ...by }));
    const done = await pick(operators).resolve(seen.id, seen.token, pick(decisions), by);
    if (done.outcome === 'proposed') proposals.push({ ...seen, proposal: done.proposal });
  };

  const acts: Promise<unknown>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const id = pick(ids);
    const token = `token-${round}`;
    if (chance() < 0.3) await takeOver(memory, id, token);
    else if ((await memory.read(id)) === undefined) await lapse(memory, id, { token });
    const held = (await memory.read(id))?.token;
    if (held !== undefined) tokens.push({ id, token: held });
    acts.push(act().catch((error: { code?: string }) => expect(error.code).toBeTypeOf('string')));
    await runtime.advance(chance() * 4_000);
  }
  faults.clear();
  await runtime.advance(300_000);
  await Promise.all(acts);
  const audits = new Map<string, readonly AuditEntry[]>();
  for (const id of ids) audits.set(id, await operator({ store: memory, runtime }).audit(id));
  const log = await operator({ store: memory, runtime }).log({ limit: 1_000 });
  return { applied, audits, log: log.entries };
}

const keyOf = (entry: AuditEntry) => JSON.stringify(entry);
const kindOf = (request: ResolveRequest) => request.resolution.decision;

/** Each applied decision was recorded as decided, and not reported as another one. */
function* wrongOutcomes({ applied, audits, log }: Awaited<ReturnType<typeof play>>): Generator<string> {
  const logged = new Set(log.map(keyOf));
  for (const { request, held } of applied) {
    if (held !== request.token) yield `applied under ${held} what was decided under ${request.token}`;
    const lines = (audits.get(request.id) ?? []).filter(
      ({ token, decision }) => token === digestParts('token', request.token) && decision?.kind === kindOf(request),
    );
    const [decided = [], stale = []] = (['decided', 'stale'] as const).map((event) =>
      lines.filter((line) => line.event === event),
    );
    if (!decided.some((line) => logged.has(keyOf(line)))) yield 'applied without a decisionId in both lists';
    if (stale.length === decided.length) yield 'applied, and every decisionId says stale';
  }
}

function* wrongLines({ applied, audits }: Awaited<ReturnType<typeof play>>): Generator<string> {
  const truths = applied.map(({ request }) => `${digestParts('token', request.token)} ${kindOf(request)}`);
  for (const entries of audits.values()) {
    const told = entries.filter(({ event }) => event === 'applied').map((e) => `${e.token} ${e.decision?.kind}`);
    if (new Set(told).size < told.length) yield 'one decision was reported twice';
    for (const line of told) if (!truths.includes(line)) yield 'reported a decision that was not carried out';
  }
}

/** With two persons: proposed by another person before, and neither withdrawn nor lapsed. */
function* wrongApprovals({ audits }: Awaited<ReturnType<typeof play>>): Generator<string> {
  for (const entries of audits.values())
    for (const [at, line] of entries.entries()) {
      if (line.event !== 'decided') continue;
      const before = entries.slice(0, at).filter(({ decisionId }) => decisionId === line.decisionId);
      const proposed = before.find(({ event }) => event === 'proposed');
      if (proposed === undefined || proposed.who === line.who) yield 'decided by one person alone';
      if (proposed?.decision?.digest !== line.decision?.digest) yield 'decided something else than was proposed';
      if (before.some(({ event }) => event === 'withdrawn')) yield 'decided what was withdrawn';
      if ((proposed?.untilMs ?? 0) <= line.atMs) yield 'decided what had lapsed';
    }
}

function* wrongLog({ audits, log }: Awaited<ReturnType<typeof play>>): Generator<string> {
  const written = new Set([...audits.values()].flat().map(keyOf));
  if (new Set(log.map(keyOf)).size < log.length) yield 'a line is in the log twice';
  for (const line of log) if (!written.has(keyOf(line))) yield 'a line of the log is in no record’s list';
}

const chosen = process.env['CHAOS_SEED'];
const seeds = chosen === undefined ? Array.from({ length: 30 }, (_, index) => 7_000 + index) : [Number(chosen)];

async function check(seed: number, approvals: 1 | 2, resolve?: Break) {
  const played = await play(seed, approvals, resolve);
  const checks = [wrongOutcomes, wrongLines, wrongLog, ...(approvals === 2 ? [wrongApprovals] : [])];
  const found = checks.flatMap((wrong) => [...wrong(played)]);
  return {
    found: found.map((violation) => `CHAOS_SEED=${seed} approvals ${approvals}: ${violation}`),
    count: played.applied.length,
  };
}

for (const approvals of [1, 2] as const)
  it(`in chaos nothing is carried out without an audit entry, with approvals: ${approvals}`, async () => {
    let count = 0;
    for (const seed of seeds) {
      const run = await check(seed, approvals);
      expect(run.found).toEqual([]);
      count += run.count;
    }
    expect(count).toBeGreaterThan(seeds.length);
  });

it('a store that doesn’t compare the token is caught', async () => {
  const careless: Break = async (store, request) => {
    const token = (await store.read(request.id))?.token ?? '';
    return store.resolve({ ...request, token });
  };
  const runs = await Promise.all(seeds.slice(0, 20).map((seed) => check(seed, 2, careless)));
  expect(runs.flatMap(({ found }) => found).length).toBeGreaterThan(0);
});
