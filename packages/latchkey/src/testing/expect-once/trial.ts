/**
 * The checks of `expectOnce`. Each begins an operation of its own, under a new key.
 *
 * @module
 */

import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { STATUS_HEADER } from '../../protocol/headers.ts';
import { OWN_ANSWER, parseStatus } from '../../protocol/status-header.ts';
import type { CrashCall, Crashes } from '../test-store/crashes.ts';
import type { OnceAnswer, OpenApp } from './app.ts';
import type { CrashPoint } from './crash-points.ts';
import * as effect from './effects.ts';
import { encodeRequest, type OnceRequest, type OnceRequestOptions } from './request.ts';

/** A check that succeeded. */
export interface OnceCheck {
  /** What was done, such as `the request was sent again`. */
  readonly name: string;
  /** The `Idempotency-Status` of the last request's answer: `executed`, `replayed`, `in-progress`, `outcome-unknown`. */
  readonly answer: string;
}

/** What an operation must look like: the first one. */
interface Model {
  readonly status: number;
  readonly effects: effect.Effects;
}

interface Begun {
  readonly request: OnceRequest;
  readonly before: effect.Effects;
}

/** The parts of a trial. */
export interface TrialParts {
  readonly app: OpenApp;
  readonly request: OnceRequestOptions | (() => OnceRequestOptions);
  readonly effects: effect.ReadEffects;
}

/** Makes the checks in turn. */
export class Trial {
  readonly checks: OnceCheck[] = [];
  readonly #parts: TrialParts;
  #model: Model = { status: 0, effects: 0 };

  constructor(parts: TrialParts) {
    this.#parts = parts;
  }

  /** The request is sent, and sent again. Returns the store calls of the first. */
  async sendTwice(crashes: Crashes | undefined): Promise<readonly CrashCall[]> {
    const begun = await this.#begin();
    const recorded = crashes?.record() ?? [];
    const first = await this.#send(begun);
    const calls = [...recorded];
    if (wordOf(first) !== OWN_ANSWER.executed)
      throw effect.mismatch(
        'a guard must run the request. Is the route guarded, and does the request pass all checks before the guard?',
        shown(first),
        { ...shown(first), [STATUS_HEADER]: OWN_ANSWER.executed },
      );
    const effects = effect.effectsSince(begun.before, await this.#effects());
    if (effect.isNothing(effects))
      throw effect.mismatch(`the request had no effect. It was answered with ${first.status}.`, effects, 'an effect');
    this.#model = { status: first.status, effects };
    this.#passed('the request was sent', first);
    await this.#replay('the request was sent again', begun, first);
    return calls;
  }

  /** The request is sent twice at the same time. */
  async sendAtOnce(crashes: Crashes | undefined): Promise<void> {
    const name = 'the request was sent twice at once';
    const begun = await this.#begin();
    crashes?.overlapClaims();
    const answers = await Promise.all([this.#send(begun), this.#send(begun)]);
    const ran = answers.filter((answer) => wordOf(answer) === OWN_ANSWER.executed);
    const [first] = ran;
    if (first === undefined || ran.length > 1)
      throw effect.mismatch(`${name}; one of the requests must run.`, answers.map(wordOf), [
        OWN_ANSWER.executed,
        'in-progress',
      ]);
    const other = answers.find((answer) => answer !== first);
    if (other !== undefined && wordOf(other) !== 'in-progress') this.#assertReplay(name, other, first);
    await this.#assertEffects(name, begun);
    if (other !== undefined) this.#passed(name, other);
    await this.#replay('the request was sent again after two at once', begun, first);
  }

  /** The worker crashes, and the request is sent again; then the worker wakes up. */
  async crash(point: CrashPoint, crashes: Crashes): Promise<void> {
    const name = `the request was sent again after a crash ${point.name}`;
    const begun = await this.#begin();
    const planned = crashes.plan((call) => point.timeAt(call));
    const lost = this.#send(begun);
    const answered = await Promise.race([planned.happened, lost]);
    planned.cancel();
    if (answered !== undefined)
      throw effect.mismatch(
        `no crash ${point.name}: the handler took another way than at first. Pass the request as a function that returns a new one for each operation.`,
        shown(answered),
        'no answer',
      );
    // It is answered when the crashed worker has been woken, and nobody waits for it.
    lost.catch(() => undefined);
    const retry = await this.#send(begun);
    if (wordOf(retry) === 'outcome-unknown') await this.#assertAtMostOnce(name, begun);
    else await this.#assertResumed(name, begun, retry, point);
    this.#passed(name, retry);
    const woken = effect.effectsSince(begun.before, await this.#effects());
    await crashes.wake();
    const now = effect.effectsSince(begun.before, await this.#effects());
    if (!effect.areSame(woken, now))
      throw effect.mismatch(
        `a worker that had crashed ${point.name}, and was continued after the retry, did more. A handler must end when a step throws a LeaseLostError.`,
        now,
        woken,
      );
  }

  async #assertResumed(name: string, begun: Begun, retry: OnceAnswer, point: CrashPoint): Promise<void> {
    const { status } = this.#model;
    const word = wordOf(retry);
    const isOwn = word === OWN_ANSWER.executed || word === OWN_ANSWER.replayed;
    // A `recover` hook may answer with another status of success.
    if (!isOwn || Math.floor(retry.status / 100) !== Math.floor(status / 100))
      throw effect.mismatch(`${name}, and not answered as at first.`, shown(retry), {
        ...shown(retry),
        status,
        [STATUS_HEADER]: OWN_ANSWER.executed,
      });
    await this.#assertEffects(name, begun, point.advice);
    this.#assertReplay(`${name}, and once more`, await this.#send(begun), retry);
    await this.#assertEffects(`${name}, and once more`, begun);
  }

  async #assertAtMostOnce(name: string, { before }: Begun): Promise<void> {
    const effects = effect.effectsSince(before, await this.#effects());
    if (!effect.arePartOf(this.#model.effects, effects))
      throw effect.mismatch(`${name}; its effects must be at most those of one request.`, effects, this.#model.effects);
  }

  async #replay(name: string, begun: Begun, first: OnceAnswer): Promise<void> {
    const again = await this.#send(begun);
    await this.#assertEffects(name, begun);
    this.#assertReplay(name, again, first);
    this.#passed(name, again);
  }

  #assertReplay(name: string, answer: OnceAnswer, first: OnceAnswer): void {
    const expected = { ...shown(first), [STATUS_HEADER]: OWN_ANSWER.replayed };
    const isSame = answer.status === first.status && Buffer.compare(answer.body, first.body) === 0;
    if (!isSame || wordOf(answer) !== OWN_ANSWER.replayed)
      throw effect.mismatch(`${name}, and must get the first answer.`, shown(answer), expected);
  }

  async #assertEffects(name: string, { before }: Begun, advice = ''): Promise<void> {
    const effects = effect.effectsSince(before, await this.#effects());
    if (effect.areSame(effects, this.#model.effects)) return;
    const message = `${name}; its effects must be those of one request. ${advice}`.trimEnd();
    throw effect.mismatch(message, effects, this.#model.effects);
  }

  async #begin(): Promise<Begun> {
    const { request } = this.#parts;
    const given = typeof request === 'function' ? request() : request;
    return { request: encodeRequest(given, randomUUID()), before: await this.#effects() };
  }

  #send({ request }: Begun): Promise<OnceAnswer> {
    return this.#parts.app.send(request);
  }

  #effects(): Promise<effect.Effects> {
    return effect.readEffects(this.#parts.effects);
  }

  #passed(name: string, answer: OnceAnswer): void {
    this.checks.push({ name, answer: wordOf(answer) ?? 'none' });
  }
}

function wordOf(answer: OnceAnswer): string | undefined {
  return parseStatus(answer.header(STATUS_HEADER))?.word;
}

/** An answer as errors show it. */
function shown(answer: OnceAnswer): object {
  const { status, body } = answer;
  const text = Buffer.from(body).toString(isUtf8(body) ? 'utf8' : 'base64');
  return { status, [STATUS_HEADER]: wordOf(answer), body: text };
}
