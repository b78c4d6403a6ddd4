/**
 * How far an operation came, told from what its record holds: the steps that were saved, and those that were begun and
 * have no result.
 *
 * @module
 */

import type { SavedSteps } from '../store.ts';
import { decodeValue } from '../support/codec.ts';
import { anyStep, isStartMark, markedStep, openStep } from './saved-step.ts';

/** What a record tells of its steps. */
export interface StepProgress {
  /** What the steps saved, in the order in which they did. */
  readonly saved: SavedSteps;
  /** Names of steps that were begun and not saved, in the order of their start: their effects may have happened. */
  readonly begun: readonly string[];
}

/** Tells the marks of starts from results. */
export function stepProgress(steps: SavedSteps): StepProgress {
  const saved = new Map([...steps].filter(([name]) => !isStartMark(name)));
  const started = [...steps.keys()].filter(isStartMark).map(markedStep);
  return { saved, begun: started.filter((name) => name !== anyStep && !saved.has(name)) };
}

/**
 * What a step returned.
 *
 * @throws LatchkeyError `record-unreadable` if the bytes are no saved step.
 */
export function stepValue(saved: Uint8Array): unknown {
  return decodeValue(openStep(saved).bytes);
}
