/** Checks the history of a world against the library's promises. */

import type { World } from '../simulate.ts';
import { answerRules } from './answer-rules.ts';
import { auditRules } from './audit-rules.ts';
import { completerRules } from './completer-rules.ts';
import { effectRules } from './effect-rules.ts';
import { type Facts, factsOf } from './facts.ts';
import { lifeRules } from './life-rules.ts';
import { liveRules } from './live-rules.ts';
import { outboxRules } from './outbox-rules.ts';
import { ownershipRules } from './ownership-rules.ts';

/** A broken promise. */
export interface Violation {
  readonly rule: string;
  readonly detail: string;
}

type Rule = (facts: Facts) => readonly string[];

const rules: Readonly<Record<string, Rule>> = {
  ...liveRules,
  ...answerRules,
  ...ownershipRules,
  ...effectRules,
  ...lifeRules,
  ...auditRules,
  ...completerRules,
  ...outboxRules,
};

/** Returns all promises that the history breaks. */
export function violationsOf({ plan, events }: World): readonly Violation[] {
  const facts = factsOf(plan, events);
  return Object.entries(rules).flatMap(([rule, check]) => check(facts).map((detail) => ({ rule, detail })));
}
