/**
 * The steps of one attempt against those that earlier attempts saved: names used twice, an order that changed because
 * the code was deployed again, and limits.
 *
 * A later attempt asks for the saved steps in the order in which they were saved, except that steps which ran side by
 * side may come in any order. Whatever is asked for before a saved step that came earlier means that the handler is
 * another one by now, and nothing runs then. While a step runs beside which the earlier one was saved, though, that one
 * may still come: it may have stood in for a step that failed, which is tried again first.
 *
 * Between steps that run side by side a handler waits for steps alone: what else it waits for could bring them in another
 * order each time. What was saved inside a step is not asked for once that step is saved too.
 *
 * @module
 */

import { LatchkeyError } from '../errors.ts';
import { type Runtime, sleep } from '../runtime.ts';
import type { OperationSettings } from '../settings.ts';
import type { SavedSteps } from '../store.ts';
import { isStartMark, type OpenedStep, openStep, packStep } from './saved-step.ts';
import { stepAround } from './step-nesting.ts';

/** What counts as beside a saved step is what was under way, or had failed, when it was saved. */
interface Saved extends OpenedStep {
  readonly position: number;
}

type Limits = Pick<OperationSettings, 'maxSteps'>;

/** See the module. */
export class StepJournal {
  readonly #saved = new Map<string, Saved>();
  readonly #asked = new Set<string>();
  /** All names of this attempt, those of steps that failed too: a loop that tries new ones must have an end. */
  readonly #names = new Set<string>();
  /** Only ever grows, unlike what is asked for. */
  #asks = 0;
  /** Steps of this attempt that aren't saved, and the one that each was asked for in. */
  readonly #unsaved = new Map<string, string | undefined>();
  /** Those of them whose functions run. */
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
   * Asks for a step: its saved value, or undefined if it has to run now.
   *
   * @param signal - aborts when the lease is lost, and with it every wait: a step that never ends must not hold the others.
   * @throws LatchkeyError `step-name-invalid`, `step-name-reused`, `steps-changed`, `too-many-steps`.
   */
  async ask(name: string, signal: () => AbortSignal): Promise<Uint8Array | undefined> {
    const inside = stepAround(this);
    this.#enter(name);
    const saved = this.#saved.get(name);
    // Nearly every attempt is a first one, and waits for nothing here.
    if (this.#saved.size > 0) await this.#inOrder(name, saved, inside, signal);
    if (saved === undefined) {
      this.#unsaved.set(name, inside);
      this.#underWay.add(name);
    }
    return saved?.bytes;
  }

  /** The step's value as it is saved now. */
  pack(name: string, value: Uint8Array): Uint8Array {
    const beside = [...this.#unsaved.keys()].filter((other) => other !== name);
    return packStep(value, beside, this.#unsaved.get(name));
  }

  /** The step is saved. */
  saved(name: string): void {
    this.#unsaved.delete(name);
    this.#ended(name);
  }

  /** The step wasn't saved, and may be tried again. */
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

  /** Steps side by side are asked for in the same turn: they get it before anyone says that the order changed. */
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
      // Inside a step nothing waits for another one's end: the two could wait for each other.
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

  /** Asked for, or inside one that was and whose function, since it is saved, isn't called any more. */
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
