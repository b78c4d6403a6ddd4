import { clocks, steps } from './clock-scenarios.ts';
import { freezes } from './freezes.ts';
import { cuts, flushes, lateReplies, restarts } from './network-scenarios.ts';
import { duplicates, exhaustion, kills } from './process-scenarios.ts';
import type { Scenario } from './scenario.ts';

/** In running order. */
export const scenarios: readonly Scenario[] = [
  duplicates,
  kills,
  freezes,
  clocks,
  steps,
  exhaustion,
  flushes,
  cuts,
  lateReplies,
  restarts,
];
