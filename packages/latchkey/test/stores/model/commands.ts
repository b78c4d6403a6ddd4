import fc from 'fast-check';
import { expect } from 'vitest';
import type { Faults, ManualRuntime } from '../../../src/testing/index.ts';
import { type Call, fingerprints, principals } from './calls.ts';
import type { Model } from './model.ts';

/** The real store with faults, and its clock. */
export interface Real {
  readonly faults: Faults;
  readonly runtime: ManualRuntime;
  call(call: Call): Promise<unknown>;
  /** Number of committed transactions; absent without transactions. */
  effects?(): number | Promise<number>;
}

type Mishap = 'none' | 'fail' | 'lose-reply' | 'repeat';

/** Makes one call, possibly with a fault, and compares the answer with the model's. */
class CallCommand implements fc.AsyncCommand<Model, Real> {
  readonly #call: Call;
  readonly #mishap: Mishap;

  constructor(call: Call, mishap: Mishap) {
    this.#call = call;
    this.#mishap = mishap;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, { faults, runtime, call, effects }: Real): Promise<void> {
    model.now = runtime.clock.now();
    if (this.#mishap !== 'none') faults.next(this.#call.method, { kind: this.#mishap });
    const answer = call(this.#call);
    if (this.#mishap === 'fail' || this.#mishap === 'lose-reply')
      await expect(answer).rejects.toMatchObject({ code: 'store-unavailable' });
    if (this.#mishap === 'fail') return;
    if (this.#mishap === 'repeat') model.apply(this.#call);
    const expected = model.apply(this.#call);
    if (this.#mishap !== 'lose-reply') expect(withoutToken(await answer)).toEqual(withoutToken(expected));
    if (effects !== undefined) expect(await effects()).toBe(model.effects);
  }

  toString(): string {
    return `${this.#mishap} ${JSON.stringify(this.#call)}`;
  }
}

/** The token of a record that an operator completed is internal to the store. */
function withoutToken(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null || !('result' in answer)) return answer;
  return answer.result === 'value by hand' ? { ...answer, token: 'nobody' } : answer;
}

class Advance implements fc.AsyncCommand<Model, Real> {
  readonly #ms: number;

  constructor(ms: number) {
    this.#ms = ms;
  }

  check(): boolean {
    return true;
  }

  async run(_model: Model, { runtime }: Real): Promise<void> {
    await runtime.advance(this.#ms);
  }

  toString(): string {
    return `advance ${this.#ms}`;
  }
}

const id = fc.constantFrom('a', 'b', "b'%_");
const token = fc.constantFrom('t1', 't2', 't3');
const owner = { id, token };

const calls: readonly fc.Arbitrary<Call>[] = [
  fc.record({
    ...owner,
    method: fc.constant('claim'),
    fingerprint: fc.constantFrom(...fingerprints),
    acceptsAny: fc.boolean(),
    policy: fc.constantFrom('refuse', 'rerun'),
    takeover: fc.constantFrom('none', 'rerun', 'any'),
    maxAttempts: fc.integer({ min: 1, max: 4 }),
    request: fc.constantFrom(undefined, undefined, '', 'asked', 'something else'),
  }),
  fc.record({ ...owner, method: fc.constantFrom('renew', 'release', 'abandon') }),
  fc.record({ ...owner, method: fc.constant('complete'), text: fc.constantFrom('', 'short', 'too long for it') }),
  fc.record({
    ...owner,
    method: fc.constant('saveStep'),
    name: fc.constantFrom('one', 'two'),
    text: fc.constantFrom('', 'x'),
  }),
  fc.record({ ...owner, method: fc.constant('resolve'), decision: fc.constantFrom('respond', 'rerun', 'forget') }),
  fc.record({ id, method: fc.constant('read') }),
  fc.record({ method: fc.constant('erase'), principal: fc.constantFrom(...principals) }),
  fc.record({ method: fc.constant('sweep'), limit: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ method: fc.constant('list'), state: fc.constantFrom('running', 'lapsed', 'open', 'completed') }),
];

const transactions: fc.Arbitrary<Call> = fc.record({
  ...owner,
  method: fc.constant('transaction'),
  end: fc.constantFrom('step', 'result', 'throw'),
  text: fc.constantFrom('short', 'too long for it'),
});

/** The relative frequency of each of `calls`. */
const weights = [8, 4, 3, 2, 3, 2, 1, 1, 1];

const mishap: fc.Arbitrary<Mishap> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Mishap>('none') },
  { weight: 3, arbitrary: fc.constantFrom<Mishap>('fail', 'lose-reply', 'repeat') },
);

/** Such a call rejects in any case. */
function isThrowing(call: Call): boolean {
  return call.method === 'transaction' && call.end === 'throw';
}

/** Commands in any order. */
export function commands(withTransactions: boolean): fc.Arbitrary<Iterable<fc.AsyncCommand<Model, Real>>> {
  const call = fc.oneof(...calls.map((arbitrary, index) => ({ arbitrary, weight: weights[index] ?? 1 })));
  const calling = fc.tuple(call, mishap).map(([made, how]) => new CallCommand(made, how));
  // The wrapper never repeats a transaction, since its function may have effects.
  const onceOnly = mishap.filter((how) => how !== 'repeat');
  const transacting = fc
    .tuple(transactions, onceOnly)
    .map(([made, how]) => new CallCommand(made, isThrowing(made) ? 'none' : how));
  const advancing = fc.constantFrom(1, 9, 10, 20, 30, 45).map((ms) => new Advance(ms));
  return fc.commands([calling, calling, calling, withTransactions ? transacting : calling, advancing], {
    size: 'max',
    maxCommands: 60,
  });
}
