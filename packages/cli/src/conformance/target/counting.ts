/**
 * How executions are counted: by a counter of the target, or by a member of its answers that is new each time.
 *
 * @module
 */

import { wrongUse } from '../../failure.ts';
import { parseJson, valueAt } from '../json.ts';
import { Failed, NotSeen } from '../row.ts';
import type { Call } from '../template.ts';
import { type Answer, RequestsSpent, type Wire } from './wire.ts';

/** Counts executions. */
export interface Counter {
  /** Whether it also counts executions whose answer the tester did not get. */
  readonly countsUnanswered: boolean;
  /**
   * The number of executions up to now.
   *
   * @throws Failure if the counter does not answer with a number.
   */
  count(): Promise<number>;
  /** Takes notice of an answer of the target. */
  note(answer: Answer): void;
}

/** Counts by a GET whose answer is a number, or has a number or a list at a JSON Pointer. */
export function counterAt(wire: Wire, call: Call, pointer: string): Counter {
  return {
    countsUnanswered: true,
    note: () => undefined,
    async count() {
      const { status, body } = await wire.send(call).catch((error: unknown) => {
        if (error instanceof RequestsSpent) throw error;
        throw wrongUse(`The counter does not answer: ${(error as Error).message}. Check --count-url.`);
      });
      const value = valueAt(parseJson(body.toString()), pointer);
      const count = Array.isArray(value) ? value.length : value;
      if (status === 200 && typeof count === 'number') return count;
      const place = pointer === '' ? 'no number' : `no number or list at ${pointer}`;
      throw wrongUse(`The counter answered ${status} with ${place}. Check --count-url and --count-pointer.`);
    },
  };
}

/** Counts the different values at a JSON Pointer in successful answers. */
export function counterOfMember(pointer: string): Counter {
  const seen = new Set<string>();
  return {
    countsUnanswered: false,
    note({ status, body }) {
      const value = status < 300 ? valueAt(parseJson(body.toString()), pointer) : undefined;
      if (value !== undefined) seen.add(JSON.stringify(value));
    },
    count: async () => seen.size,
  };
}

const uncounted = 'how often the operation ran is not visible: give --count-url or --execution-id';

/** The executions since a moment. */
export class Tally {
  readonly #counter: Counter | undefined;
  readonly #before: number;

  private constructor(counter: Counter | undefined, before: number) {
    this.#counter = counter;
    this.#before = before;
  }

  static async begin(counter: Counter | undefined): Promise<Tally> {
    return new Tally(counter, counter === undefined ? 0 : await counter.count());
  }

  /**
   * The number of executions; undefined if they are not counted.
   *
   * @throws NotSeen
   */
  async count(): Promise<number | undefined> {
    if (this.#counter === undefined) return undefined;
    const count = (await this.#counter.count()) - this.#before;
    if (count < 0)
      throw new NotSeen('the counter went backwards: keep it where a kill of the target does not reset it');
    return count;
  }

  /**
   * Checks the number of executions; the last step of a row, since without a counter nothing after it is checked.
   *
   * @param unanswered - whether an execution may be without an answer, so that only a counter of the target shows it.
   * @throws Failed, NotSeen
   */
  async expect(wanted: number, unanswered?: 'unanswered'): Promise<void> {
    this.check(await this.count(), wanted, unanswered);
  }

  /** Checks a number that was counted earlier, in the same way. */
  check(count: number | undefined, wanted: number, unanswered?: 'unanswered'): void {
    if (count === undefined) throw new NotSeen(uncounted);
    if (count !== wanted) throw new Failed(`the operation ran ${times(count)}`);
    if (unanswered !== undefined && this.#counter?.countsUnanswered === false)
      throw new NotSeen('an execution without a successful answer is only visible with --count-url');
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
