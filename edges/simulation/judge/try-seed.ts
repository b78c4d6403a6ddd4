/**
 * Runs the world of one seed and compares it.
 *
 * @module
 */

import { planOf, type Story } from '../world/plan.ts';
import { play } from '../world/play.ts';
import type { Surroundings } from '../world/world.ts';
import { type Allowed, allowed } from './allowed.ts';
import type { Case, Difference } from './difference.ts';
import { differencesIn } from './judge.ts';

/** The result of one seed. */
export interface Tried {
  readonly found: Case;
  readonly differences: readonly Difference[];
  readonly used: readonly Allowed[];
}

/** The client's actions in an unguarded world. */
const withoutGuard: Partial<Record<Story, Story>> = {
  'leaves during the claim': 'leaves while the handler works',
  'leaves while it waits': 'waits for the answer',
  'leaves while the answer is stored': 'waits for the answer',
  'leaves after the answer': 'waits for the answer',
  'sends twice on one connection': 'waits for the answer',
  'sends twice at once': 'waits for the answer',
};

/** Runs and compares. */
export async function trySeed(seed: number, around: Surroundings): Promise<Tried> {
  const plan = planOf(seed);
  const story = withoutGuard[plan.story] ?? plan.story;
  // There its client also disconnects at once, before the handler has done anything but read.
  const barePlan = plan.story === 'leaves during the claim' ? { ...plan, pauses: true } : plan;
  const reference = await play(plan, 'waits for the answer', false, around);
  const bare = story === 'waits for the answer' ? reference : await play(barePlan, story, false, around);
  const guarded = await play(plan, plan.story, true, around);
  const found: Case = { plan, reference, bare, guarded };
  const used: Allowed[] = [];
  const differences = differencesIn(found).filter((difference) => {
    const reason = allowed.find(({ covers }) => covers(difference, found));
    if (reason !== undefined) used.push(reason);
    return reason === undefined;
  });
  return { found, differences, used };
}
