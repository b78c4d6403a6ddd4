/**
 * Compares the steps of one attempt with those that earlier attempts saved. Detects names that are used twice, an order
 * that changed with a deployment, and exceeded limits.
 *
 * A later attempt asks for the saved steps in the order in which they were saved, except that concurrent steps may come
 * in any order. If a step is asked for before a saved step that came earlier, the handler has changed, and nothing
 * runs. There is one exception: while a step runs that was running when the earlier step was saved, the earlier step
 * may still come, since it may have replaced a step that failed and is now tried again first. Between concurrent steps
 * a handler must wait only for steps: waiting for anything else could change their order each time. A step that was
 * saved inside another step is not asked for again once the outer step is saved too.
 *
 * @module
 */

import { LatchkeyError } from '../errors.ts';
import { type Runtime, sleep } from '../runtime.ts';
import type { OperationSettings } from '../settings.ts';
import type { SavedSteps } from '../store.ts';
import { isStartMark, type OpenedStep, openStep, packStep } from './saved-step.ts';
import { stepAround } from './step-nesting.ts';

/** A step counts as concurrent with a saved step if it was running, or had failed, when that step was saved. */
interface Saved extends OpenedStep {
  readonly position: number;
}

type Limits = Pick<OperationSettings, 'maxSteps'>;

/** Compares the steps of one attempt with those that earlier attempts saved. */
export class StepJournal {
  readonly #saved = new Map<string, Saved>();
  readonly #asked = new Set<string>();
  /** All step names of this attempt, also those of failed steps: a loop that tries new names must end. */
  readonly #names = new Set<string>();
  /** Only grows, unlike the set of steps that were asked for. */
  #asks = 0;
  /** The unsaved steps of this attempt, each with the step that asked for it. */
  readonly #unsaved = new Map<string, string | undefined>();
  /** The unsaved steps whose functions are running. */
  readonly #underWay = new Set<string>();
  #wakers: (() => void)[] = [];
  readonly #limits: Limits;
  readonly #runtime: Runtime;

  constructor(steps: SavedSteps, limits: Limits, runtime: Runtime) {
    for (const [name, bytes] of steps) {
      if (isStartMark(name)) continue;
      this.#saved.set(name, { ...openStep(bytes), position: this.#saved.size });
    }
    this.#limits = limits;
    this.#runtime = runtime;
  }

  /**
   * Asks for a step. Returns its saved value, or undefined if it must run now.
   *
   * @param signal - aborts when the lease is lost, which ends every wait: a step that never ends must not block the
   * others.
   * @throws LatchkeyError `step-name-invalid`, `step-name-reused`, `steps-changed`, `too-many-steps`.
   */
  async ask(name: string, signal: () => AbortSignal): Promise<Uint8Array | undefined> {
    const inside = stepAround(this);
    this.#enter(name);
    const saved = this.#saved.get(name);
    // Nearly every attempt is a first attempt and does not wait here.
    if (this.#saved.size > 0) await this.#inOrder(name, saved, inside, signal);
    if (saved === undefined) {
      this.#unsaved.set(name, inside);
      this.#underWay.add(name);
    }
    return saved?.bytes;
  }

  /** Encodes the step's value for saving. */
  pack(name: string, value: Uint8Array): Uint8Array {
    const beside = [...this.#unsaved.keys()].filter((other) => other !== name);
    return packStep(value, beside, this.#unsaved.get(name));
  }

  /** Records that the step is saved. */
  saved(name: string): void {
    this.#unsaved.delete(name);
    this.#ended(name);
  }

  /** Records that the step was not saved; it may be tried again. */
  failed(name: string): void {
    this.#asked.delete(name);
    this.#ended(name);
  }

  /** Steps that earlier attempts saved and that this one hasn't asked for. */
  unasked(): string[] {
    return [...this.#saved].filter(([name, step]) => !this.#isPassed(name, step)).map(([name]) => name);
  }

  #ended(name: string): void {
    this.#underWay.delete(name);
    for (const wake of this.#wakers.splice(0)) wake();
  }

  #enter(name: string): void {
    checkStepName('step', name);
    if (this.#asked.has(name)) throw reused(name);
    const { maxSteps } = this.#limits;
    if (this.#names.size >= maxSteps && !this.#names.has(name)) throw tooMany(name, maxSteps);
    this.#names.add(name);
    this.#asked.add(name);
    this.#asks += 1;
  }

  /**
   * Concurrent steps are asked for in the same turn of the event loop: all of them can ask before a changed order is
   * reported.
   */
  async #inOrder(
    name: string,
    saved: Saved | undefined,
    inside: string | undefined,
    signal: () => AbortSignal,
  ): Promise<void> {
    let skipped = this.#skippedBy(name, saved);
    while (skipped !== undefined) {
      const asks = this.#asks;
      await sleep(this.#runtime.timers, 0);
      skipped = this.#skippedBy(name, saved);
      if (skipped === undefined || this.#asks !== asks) continue;
      // Inside a step, nothing waits for the end of another step: the two could deadlock.
      if (inside !== undefined || !this.#mayStillCome(skipped)) throw changed(name, skipped);
      signal().throwIfAborted();
      await this.#nextEnd(signal());
      signal().throwIfAborted();
    }
  }

  #nextEnd(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      signal.addEventListener('abort', wake);
      this.#wakers.push(wake);
    });
  }

  #mayStillCome(skipped: string): boolean {
    return this.#saved.get(skipped)?.beside.some((other) => this.#underWay.has(other)) === true;
  }

  #skippedBy(name: string, saved: Saved | undefined): string | undefined {
    const position = saved?.position ?? Number.POSITIVE_INFINITY;
    for (const [earlier, step] of this.#saved) {
      if (step.position >= position) return undefined;
      if (!this.#isPassed(earlier, step) && !step.beside.includes(name)) return earlier;
    }
    return undefined;
  }

  /**
   * True if the step was asked for, or is inside a step that was asked for and, being saved, no longer runs its
   * function.
   */
  #isPassed(name: string, { position, inside }: Saved): boolean {
    if (this.#asked.has(name)) return true;
    const outer = inside === undefined ? undefined : this.#saved.get(inside);
    return inside !== undefined && outer !== undefined && outer.position > position && this.#isPassed(inside, outer);
  }
}

function reused(name: string): LatchkeyError {
  return new LatchkeyError(
    'step-name-reused',
    `The step name ${JSON.stringify(name)} was used twice in one attempt. In a loop, number the names.`,
  );
}

function tooMany(name: string, maxSteps: number): LatchkeyError {
  return new LatchkeyError(
    'too-many-steps',
    `The step ${JSON.stringify(name)} exceeds maxSteps (${maxSteps}). Do more in each step, or raise the limit.`,
  );
}

function changed(name: string, skipped: string): LatchkeyError {
  return new LatchkeyError(
    'steps-changed',
    `The step ${JSON.stringify(name)} was called before ${JSON.stringify(skipped)}, which an earlier attempt had saved at this point. The handler's steps have changed: run the former code for this record, or resolve it.`,
  );
}

const maxNameLength = 200;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about.
const controlCharacter = /[\u0000-\u001f\u007f]/;

/** @throws LatchkeyError `step-name-invalid`. */
export function checkStepName(what: 'step' | 'message', name: unknown): void {
  if (typeof name === 'string' && name !== '' && name.length <= maxNameLength && !controlCharacter.test(name)) return;
  throw new LatchkeyError(
    'step-name-invalid',
    `The name of a ${what} must be a string of 1 to ${maxNameLength} characters without control characters.`,
  );
}
