/**
 * A row of the checklist: one requirement, checked by requests alone.
 *
 * @module
 */

import type { Claims } from './claims.ts';
import type { Probe } from './probe.ts';
import type { Template } from './template.ts';

/** One requirement. */
export interface Row {
  readonly id: `R${number}`;
  readonly title: string;
  /** The rule behind it. */
  readonly source: string;
  /** What a target must do that makes the claim. */
  readonly expected: string | ((claims: Claims) => string);
  /** How many requests it sends at most, without those that wait for an answer. */
  readonly requests: number;
  /** Why it does not apply to a target with these claims; undefined if it does. */
  readonly excluded?: (claims: Claims, template: Template) => string | undefined;
  /**
   * Resolves if the target passes.
   *
   * @throws Failed, NotSeen
   */
  check(probe: Probe): Promise<void>;
}

/** The result of a row. */
export type Outcome = 'passed' | 'failed' | 'not-seen' | 'not-applicable';

/** The target breaks the requirement. The message says what was seen. */
export class Failed extends Error {}

/** Whether the target meets the requirement can't be seen. The message says why, and what to add to see it. */
export class NotSeen extends Error {}
