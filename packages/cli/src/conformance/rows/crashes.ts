/** Crashes of the target, which the tester kills. */

import type { Probe } from '../probe.ts';
import { Failed, NotSeen, type Row } from '../row.ts';
import type { Tally } from '../target/counting.ts';
import { isSuccess } from '../target/signs.ts';
import type { TargetProcess } from '../target/target-process.ts';
import type { Answer } from '../target/wire.ts';
import { builders, draft, recoveryPoints } from './sources.ts';

/** How long a request runs before its process is killed. */
const runMs = 400;

function processOf(probe: Probe): TargetProcess {
  if (probe.process === undefined) throw new NotSeen('give --start-command, so that the tester can kill the target');
  return probe.process;
}

async function restart(process: TargetProcess): Promise<void> {
  await process.kill();
  await process.start();
}

/** The retry must not run a second time; it gets an error, or the answer of the first execution. */
async function expectNoSecondExecution(retry: Answer, executions: number | undefined, tally: Tally, probe: Probe) {
  const now = await tally.count();
  const ranNow = now !== undefined && executions !== undefined && now > executions;
  if (ranNow && executions === 0)
    throw new NotSeen('the first execution was not counted before its end: let the counter count the beginnings');
  if (ranNow || (isSuccess(retry) && !probe.isReplay(retry) && probe.claims.marker !== undefined))
    throw new Failed(`the operation ran again, with ${probe.described(retry)}`);
  await tally.expect(executions ?? 0, 'unanswered');
}

async function expectResumed(retry: Answer, probe: Probe, send: () => Promise<Answer>): Promise<void> {
  if (!isSuccess(retry)) throw new Failed(`after --max-wait the retry still got ${probe.described(retry)}`);
  probe.expectSame(retry, await send());
}

/** R40, R41. */
export const crashRows: readonly Row[] = [
  {
    id: 'R40',
    title: 'an answer that was sent survives a crash',
    source: `${builders}, ${draft('2.6')}`,
    expected: 'after a kill and a restart the same status and bytes; one execution',
    requests: 2,
    async check(probe) {
      const process = processOf(probe);
      const key = probe.newKey();
      const tally = await probe.tally();
      const first = await probe.run({ key });
      await restart(process);
      probe.expectSame(first, await probe.untilFinal({ key }));
      await tally.expect(1);
    },
  },
  {
    id: 'R41',
    title: 'a request whose process died runs again under rerun only',
    source: recoveryPoints,
    expected: ({ afterFailure }) =>
      afterFailure === 'refuse'
        ? 'no second execution: an error, or the first answer'
        : 'a retry runs or resumes within --max-wait, and its answer is kept',
    requests: 3,
    async check(probe) {
      const process = processOf(probe);
      const call = probe.variant('slow');
      const key = probe.newKey();
      const tally = await probe.tally();
      const answer = probe.send({ key, call }).catch(() => undefined);
      await probe.runtime.sleep(runMs);
      await process.kill();
      if ((await answer) !== undefined) throw new NotSeen(`the variant "slow" ended within ${runMs} ms`);
      await process.start();
      const executions = await tally.count();
      const retry = await probe.untilFinal({ key, call });
      if (probe.claims.afterFailure === 'rerun') await expectResumed(retry, probe, () => probe.send({ key, call }));
      else await expectNoSecondExecution(retry, executions, tally, probe);
    },
  },
];
