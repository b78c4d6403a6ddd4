/**
 * The format of a saved step in the record: its encoded value, preceded by the names of the steps that were running
 * when it was saved (if any) and the step that asked for it. The start of a step is marked under a name that no step
 * can have.
 *
 * @module
 */

import { LatchkeyError } from '../errors.ts';
import type { SavedSteps } from '../store.ts';
import { decodeValue } from '../support/codec.ts';

const besideTag = 0x73;
const headBytes = 5;
const startedPrefix = '\u0001started ';
const insidePrefix = '\u0001inside ';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** A decoded saved step. */
export interface OpenedStep {
  readonly bytes: Uint8Array;
  readonly beside: readonly string[];
  /** The step whose function asked for it, if any. */
  readonly inside?: string;
}

/** In a mark, stands for every step: a worker died, and it is unknown which steps it had begun. */
export const anyStep = '';

/** The name under which the start of a step is saved. */
export function startMark(name: string): string {
  return startedPrefix + name;
}

/** Whether a saved name marks the start of a step. */
export function isStartMark(name: string): boolean {
  return name.startsWith(startedPrefix);
}

/** Returns the name of the step whose start this marks. */
export function markedStep(mark: string): string {
  return mark.slice(startedPrefix.length);
}

/** Encodes a step for saving. */
export function packStep(value: Uint8Array, beside: readonly string[], inside?: string): Uint8Array {
  if (beside.length === 0 && inside === undefined) return value;
  const marked = inside === undefined ? beside : [...beside, insidePrefix + inside];
  const names = encoder.encode(JSON.stringify(marked));
  const packed = new Uint8Array(headBytes + names.length + value.length);
  packed[0] = besideTag;
  new DataView(packed.buffer).setUint32(1, names.length);
  packed.set(names, headBytes);
  packed.set(value, headBytes + names.length);
  return packed;
}

/**
 * Decodes the output of {@link packStep}.
 *
 * @throws LatchkeyError `record-unreadable` if the bytes are not a list of names.
 */
export function openStep(saved: Uint8Array): OpenedStep {
  if (saved[0] !== besideTag) return { bytes: saved, beside: [] };
  const { buffer, byteOffset, byteLength } = saved;
  const end = byteLength < headBytes ? byteLength : headBytes + new DataView(buffer, byteOffset).getUint32(1);
  const names = namesIn(saved.subarray(headBytes, end));
  const inside = names.find((name) => name.startsWith(insidePrefix))?.slice(insidePrefix.length);
  return { bytes: saved.subarray(end), beside: names, ...(inside !== undefined && { inside }) };
}

function namesIn(bytes: Uint8Array): readonly string[] {
  try {
    const names: unknown = JSON.parse(decoder.decode(bytes));
    if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  } catch {
    // Reported below, like anything that isn't a list of names.
  }
  throw new LatchkeyError('record-unreadable', "This version can't read the format of a saved step.");
}

/** The steps of a record. */
export interface StepProgress {
  /** The saved values, in the order in which they were saved. */
  readonly saved: SavedSteps;
  /** The names of steps that were begun but not saved, in the order of their start: their effects may have happened. */
  readonly begun: readonly string[];
}

/** Separates the marks of starts from results. */
export function stepProgress(steps: SavedSteps): StepProgress {
  const saved = new Map([...steps].filter(([name]) => !isStartMark(name)));
  const started = [...steps.keys()].filter(isStartMark).map(markedStep);
  return { saved, begun: started.filter((name) => name !== anyStep && !saved.has(name)) };
}

/**
 * Returns the value of a saved step.
 *
 * @throws LatchkeyError `record-unreadable` if the bytes are not a saved step.
 */
export function stepValue(saved: Uint8Array): unknown {
  return decodeValue(openStep(saved).bytes);
}
