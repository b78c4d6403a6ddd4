/** Tests that the checker can fail: real runs on stores that break one promise each. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSelected } from '../servers/selected.ts';
import type { Backend } from './backends/backend.ts';
import { sqliteBackend } from './backends/sqlite.ts';
import { ask } from './fleet/ask.ts';
import { type Fleet, startFleet } from './fleet/fleet.ts';
import { load } from './fleet/load.ts';
import { violationsOf } from './history/checker.ts';
import type { Spoiling, Task } from './history/events.ts';
import { takeOver } from './scenarios/taking-over.ts';

/** A store's fault, its requests, and the rules that must report it. */
interface Case {
  readonly spoiling: Spoiling;
  readonly wanted: Partial<Task>;
  readonly play: (fleet: Fleet, tasks: readonly Task[]) => Promise<unknown>;
  readonly breaks: readonly string[];
}

const twice = async (fleet: Fleet, tasks: readonly Task[]) => {
  await load(fleet, tasks, 4);
  for (const task of tasks) await ask(fleet, fleet.any(), task);
};

const cases: readonly Case[] = [
  {
    spoiling: 'gives-keys-away',
    wanted: { policy: 'refuse' },
    play: twice,
    breaks: ['I1: two executions under one lease', 'I6: refuse ran twice'],
  },
  {
    spoiling: 'forgets-leases',
    wanted: { policy: 'rerun' },
    play: twice,
    breaks: ['I1: two executions under one lease'],
  },
  {
    spoiling: 'runs-without-claims',
    wanted: { policy: 'refuse' },
    play: twice,
    breaks: ['I7: ran without a claim', 'I6: refuse ran twice'],
  },
  {
    spoiling: 'forgets-answers',
    wanted: { policy: 'refuse', leaseMs: 600 },
    play: twice,
    breaks: ['I2: an acknowledged answer was lost'],
  },
  {
    spoiling: 'loses-answers',
    wanted: { policy: 'refuse' },
    play: twice,
    breaks: ['I2: an acknowledged answer was lost', 'I2: two answers', 'exactly once: another operation id'],
  },
  {
    spoiling: 'answers-early',
    wanted: { policy: 'refuse' },
    play: twice,
    breaks: ['I3: sent before it was stored'],
  },
  {
    spoiling: 'mixes-answers-up',
    wanted: { policy: 'refuse' },
    play: twice,
    breaks: ['I5: another operation’s answer'],
  },
  {
    spoiling: 'forgets-steps',
    wanted: { policy: 'rerun', doing: 'step', fails: true },
    play: twice,
    breaks: ['I6: a saved step ran again'],
  },
  {
    spoiling: 'resumes-from-the-start',
    wanted: { policy: 'rerun', doing: 'transaction', fails: true },
    play: twice,
    breaks: ['exactly once: an effect twice'],
  },
  {
    spoiling: 'skips-token-checks',
    wanted: { policy: 'rerun', leaseMs: 600, holdMs: 1_500 },
    play: takeOver,
    breaks: ['I4: a zombie wrote'],
  },
  {
    spoiling: 'believes-zombies',
    wanted: { policy: 'rerun', leaseMs: 600, holdMs: 1_500 },
    play: takeOver,
    breaks: ['I4: a zombie wrote', 'I2: two answers'],
  },
];

if (isSelected('sqlite'))
  describe('the checker finds a store that', () => {
    let backend: Backend;
    let fleet: Fleet;

    beforeAll(async () => {
      backend = await sqliteBackend();
      fleet = await startFleet(backend, { seed: 1, size: 2 });
    });

    afterAll(async () => {
      await fleet.stop();
      await backend.stop();
    });

    for (const { spoiling, wanted, play, breaks } of cases)
      it(spoiling.replaceAll('-', ' '), async () => {
        const tasks = [0, 1].map((index) => taskOf(`${spoiling}-${index}`, { ...wanted, spoiling }));
        await play(fleet, tasks);
        const run = { tasks, events: fleet.events(), effects: await backend.effects(), undisturbed: false };
        const broken = violationsOf(run).map(({ rule }) => rule);
        expect(broken).toEqual(expect.arrayContaining([...breaks]));
      });
  });

function taskOf(key: string, wanted: Partial<Task>): Task {
  const names = { key, field: key, tenant: key, payload: key };
  return { ...names, policy: 'refuse', doing: 'plain', holdMs: 200, leaseMs: 30_000, whenRunning: 'reject', ...wanted };
}
