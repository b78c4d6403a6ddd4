/** Which answers are kept, and which requests run again. */

import type { Claims } from '../claims.ts';
import type { Probe } from '../probe.ts';
import { Failed, NotSeen, type Row } from '../row.ts';
import { isSuccess } from '../target/signs.ts';
import type { Answer } from '../target/wire.ts';
import { refusedVariant, type VariantName } from '../template.ts';
import { draft, recoveryPoints, stripe } from './sources.ts';

/** Two answers to one request, and whether the second is from another execution; undefined if that can't be seen. */
interface Repeated {
  readonly first: Answer;
  readonly second: Answer;
  readonly ranAgain: boolean | undefined;
}

/** Sends a variant twice under one key, the first time expecting a status from `lowest` on. */
async function repeated(probe: Probe, name: VariantName, lowest: number, highest: number): Promise<Repeated> {
  const call = probe.variant(name);
  const key = probe.newKey();
  const tally = await probe.tally();
  const first = await probe.send({ key, call });
  if (first.status < lowest || first.status > highest)
    throw new NotSeen(`the variant "${name}" got ${probe.described(first)}`);
  const second = await probe.untilFinal({ key, call });
  const executions = await tally.count();
  if (probe.isReplay(second)) return { first, second, ranAgain: false };
  // A failed operation may not be counted at all.
  if (executions !== undefined && executions > 0) return { first, second, ranAgain: executions > 1 };
  const differs = first.status !== second.status || !first.body.equals(second.body);
  return { first, second, ranAgain: differs ? true : undefined };
}

const indistinct = 'the answers are equal and not marked, and their executions not counted';

async function expectKept(probe: Probe, name: VariantName, lowest: number, highest = 599): Promise<void> {
  const { first, second, ranAgain } = await repeated(probe, name, lowest, highest);
  if (ranAgain === true)
    throw new Failed(`it ran again: first ${probe.described(first)}, then ${probe.described(second)}`);
  probe.expectSame(first, second);
  if (ranAgain === undefined) throw new NotSeen(indistinct);
}

async function expectRunsAgain(probe: Probe, name: VariantName, lowest: number): Promise<void> {
  const { first, second, ranAgain } = await repeated(probe, name, lowest, 599);
  if (ranAgain === false) throw new Failed(`it did not run again, and got ${probe.described(second)}`);
  if (probe.isInProgress(second)) throw new Failed(`the key was held: ${probe.described(second)}`);
  // Another answer may be an error of the layer, which did not run it.
  if (!isSuccess(second) && second.status !== first.status && second.status < 500)
    throw new Failed(`the retry got ${probe.described(second)}`);
  if (ranAgain === undefined) throw new NotSeen(indistinct);
}

const onlyRefuse = ({ afterFailure }: Claims) =>
  afterFailure === 'refuse' ? undefined : 'the target claims to run again (--after-failure)';
const onlyRerun = ({ afterFailure }: Claims) =>
  afterFailure === 'rerun' ? undefined : 'the target claims never to run again (--after-failure)';

const kept = 'the same status and bytes; one execution';

/** R33–R38, R81, and R45. */
export const outcomeRows: readonly Row[] = [
  {
    id: 'R33',
    title: 'a 4xx of the operation is kept',
    source: `${draft('2.6')}, ${stripe}`,
    expected: kept,
    requests: 2,
    check: (probe) => expectKept(probe, 'declined', 400, 499),
  },
  {
    id: 'R34',
    title: 'a request that is refused before it runs leaves no record',
    source: stripe,
    expected: 'the corrected request with the same key runs',
    requests: 2,
    async check(probe) {
      const call = refusedVariant(probe.template);
      if (call === undefined) throw new NotSeen('add the variant "refused" to the template');
      const key = probe.newKey();
      const refusal = await probe.send({ key, call });
      if (refusal.status < 400) throw new NotSeen(`the variant "refused" got ${probe.described(refusal)}`);
      const corrected = await probe.send({ key });
      if (!isSuccess(corrected) || probe.isReplay(corrected)) throw new Failed(`it got ${probe.described(corrected)}`);
    },
  },
  {
    id: 'R35',
    title: 'refuse: a 500 is kept',
    source: stripe,
    expected: kept,
    requests: 2,
    excluded: onlyRefuse,
    check: (probe) => expectKept(probe, 'broken', 500),
  },
  {
    id: 'R36',
    title: 'rerun: a request runs again after a 500',
    source: recoveryPoints,
    expected: 'two executions',
    requests: 2,
    excluded: onlyRerun,
    check: (probe) => expectRunsAgain(probe, 'broken', 500),
  },
  {
    id: 'R38',
    title: 'rerun: a request runs again after an answer that says "come back"',
    source: recoveryPoints,
    expected: 'two executions',
    requests: 2,
    excluded: onlyRerun,
    check: (probe) => expectRunsAgain(probe, 'busy', 400),
  },
  {
    id: 'R81',
    title: 'refuse: an answer that says "come back" is kept',
    source: stripe,
    expected: kept,
    requests: 2,
    excluded: onlyRefuse,
    check: (probe) => expectKept(probe, 'busy', 400),
  },
  {
    id: 'R45',
    title: 'the retry of a client that has disconnected gets the answer',
    source: recoveryPoints,
    expected: 'a successful answer within --max-wait; one execution',
    requests: 5,
    async check(probe) {
      const call = probe.variant('slow');
      const key = probe.newKey();
      const tally = await probe.tally();
      const hangUp = new AbortController();
      const answer = probe.send({ key, call, signal: hangUp.signal }).catch(() => undefined);
      await probe.runtime.sleep(250);
      hangUp.abort();
      if ((await answer) !== undefined) throw new NotSeen('the variant "slow" ended within 250 ms');
      const retry = await probe.untilFinal({ key, call });
      if (!isSuccess(retry)) throw new Failed(`the retry got ${probe.described(retry)}`);
      probe.expectSame(retry, await probe.send({ key, call }));
      await tally.expect(1, 'unanswered');
    },
  },
];
