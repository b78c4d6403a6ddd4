/**
 * Checks a recorded run against the library's promises. It only uses the recorded claims, executions, writes and
 * answers with their times.
 */

import { answerRules } from './answer-rules.ts';
import { effectRules } from './effect-rules.ts';
import type { Run } from './events.ts';
import { executionRules } from './execution-rules.ts';
import { historiesOf, type KeyHistory } from './key-history.ts';

/** A rule's violations for a key. */
export type Rule = (history: KeyHistory) => string | undefined;

export interface Violation {
  readonly rule: string;
  readonly key: string;
  readonly detail: string;
}

const rules: Readonly<Record<string, Rule>> = { ...executionRules, ...answerRules, ...effectRules };

/** The names of all rules. */
export const ruleNames = Object.keys(rules);

/** Every promise that was broken. */
export function violationsOf(run: Run): readonly Violation[] {
  return historiesOf(run).flatMap((history) =>
    Object.entries(rules).flatMap(([rule, check]) => {
      const detail = check(history);
      return detail === undefined ? [] : [{ rule, key: history.task.key, detail }];
    }),
  );
}
