/** Duplicates while the first request runs. */

import type { Probe } from '../probe.ts';
import { Failed, NotSeen, type Row } from '../row.ts';
import type { Tally } from '../target/counting.ts';
import { codeOf, isSuccess, retryAfterMs } from '../target/signs.ts';
import type { Answer } from '../target/wire.ts';
import { builders, draft, recoveryPoints } from './sources.ts';

/** A slow request, a duplicate and another payload sent while it ran, and a later retry. */
interface Scene {
  readonly first: Answer;
  readonly duplicate: Answer;
  readonly other: Answer;
  readonly later: Answer;
  readonly tally: Tally;
  /** The number of executions; undefined if they are not counted. */
  readonly executions: number | undefined;
}

/** How long after the first request the duplicates are sent, at each try. */
const leadsMs = [100, 250, 600];
const tooQuick = 'the operation ends too quickly: add the variant "slow" to the template';

async function play(probe: Probe, leadMs: number): Promise<Scene> {
  const key = probe.newKey();
  const { slow } = probe.template.variants;
  const tally = await probe.tally();
  const running = probe.send({ key, call: slow });
  // It may fail while the tester sleeps; then the row fails below.
  running.catch(() => undefined);
  if (slow !== undefined) await probe.runtime.sleep(leadMs);
  const [first, duplicate, other] = await Promise.all([
    running,
    probe.send({ key, call: slow }),
    probe.send({ key, call: slow, body: probe.otherBody(slow) }),
  ]);
  const later = await probe.untilFinal({ key, call: slow });
  return { first, duplicate, other, later, tally, executions: await tally.count() };
}

/** Whether a request was sent while the first one ran, with so much time left that it must have arrived. */
function overlaps({ first }: Scene, { sentAt, endedAt }: Answer): boolean {
  return isSuccess(first) && (endedAt < first.endedAt || first.endedAt - sentAt > 100);
}

/** Plays until the duplicate arrives while the first request runs; the same scene serves all rows. */
function inFlight(probe: Probe): Promise<Scene> {
  return probe.shared('in flight', async () => {
    let last: Scene | undefined;
    for (const leadMs of leadsMs) {
      last = await play(probe, leadMs);
      if (overlaps(last, last.duplicate) && overlaps(last, last.other)) return last;
    }
    throw new NotSeen(tooQuick);
  });
}

/** The scene, if the duplicate got the refusal that it should get. */
async function refusedDuplicate(probe: Probe): Promise<Scene> {
  const scene = await inFlight(probe);
  const { first, duplicate } = scene;
  if (duplicate.endedAt >= first.endedAt && isSuccess(duplicate))
    throw new Failed(`the duplicate waited (--when-running wait?) and got ${probe.described(duplicate)}`);
  if (!probe.isInProgress(duplicate)) throw new Failed(`the duplicate got ${probe.described(duplicate)}`);
  return scene;
}

const claimsWait = 'the target claims that duplicates wait (--when-running)';
const onlyConflict = ({ whenRunning }: { readonly whenRunning: string }) =>
  whenRunning === 'conflict' ? undefined : claimsWait;

/** The number of requests of a scene at most: three tries, each with a few retries at the end. */
const sceneRequests = 15;
const burst = 50;
/** Time to open the connections of a burst; then the requests are completed at the same moment. */
const releaseMs = 300;

/** R27–R32. */
export const duplicateRows: readonly Row[] = [
  {
    id: 'R27',
    title: 'another payload is refused at once, while the first request runs',
    source: recoveryPoints,
    expected: ({ statuses }) => `${statuses.keyReused} that says that the key was reused, before the first answer`,
    requests: sceneRequests,
    async check(probe) {
      const { first, other } = await inFlight(probe);
      const { slow } = probe.template.variants;
      await probe.expectAcceptable({ call: slow, body: probe.otherBody(slow) }, other);
      if (!probe.isMismatch(other)) throw new Failed(`it got ${probe.described(other)}`);
      if (other.endedAt > first.endedAt) throw new Failed('it was refused only after the first answer');
    },
  },
  {
    id: 'R28',
    title: 'a duplicate is refused while the first request runs',
    source: draft('2.6'),
    expected: ({ statuses }) => `${statuses.inProgress} before the first answer; one execution`,
    requests: sceneRequests,
    excluded: onlyConflict,
    async check(probe) {
      const { tally, executions } = await refusedDuplicate(probe);
      tally.check(executions, 1);
    },
  },
  {
    id: 'R29',
    title: 'that refusal says when to retry, and differs from that of another payload',
    source: `${draft('2.7')}, RFC 9110 §10.2.3`,
    expected: 'Retry-After of a whole second or more, or a date; another status, type or code than for another payload',
    requests: sceneRequests,
    excluded: onlyConflict,
    async check(probe) {
      const { duplicate, other } = await refusedDuplicate(probe);
      const retryAfter = duplicate.header('retry-after');
      // A date is right whenever it is: clocks differ.
      if ((retryAfterMs(duplicate, 0) ?? 0) === 0)
        throw new Failed(retryAfter === undefined ? 'no Retry-After' : `Retry-After: ${retryAfter}`);
      if (!probe.isMismatch(other)) throw new NotSeen(`another payload got ${probe.described(other)} (R27)`);
      if (duplicate.status === other.status && codeOf(duplicate) === codeOf(other))
        throw new Failed(`both got ${probe.described(duplicate)}`);
    },
  },
  {
    id: 'R30',
    title: 'a duplicate waits for the answer',
    source: draft('2.6'),
    expected: 'the first answer, as soon as it is there; one execution',
    requests: sceneRequests,
    excluded: ({ whenRunning }) =>
      whenRunning === 'wait' ? undefined : 'the target claims to refuse duplicates (--when-running)',
    async check(probe) {
      const scene = await inFlight(probe);
      probe.expectSame(scene.first, scene.duplicate);
      scene.tally.check(scene.executions, 1);
    },
  },
  {
    id: 'R31',
    title: `one of ${burst} simultaneous identical requests runs`,
    source: `${draft('2.6')}, ${builders}`,
    expected: 'one execution; every answer is that of the operation, or says that it is in progress',
    requests: burst,
    async check(probe) {
      const key = probe.newKey();
      const tally = await probe.tally();
      const call = probe.template.variants.slow;
      const release = probe.runtime.sleep(releaseMs);
      const answers = await Promise.all(Array.from({ length: burst }, () => probe.send({ key, call, release })));
      const successes = answers.filter(isSuccess);
      const strange = answers.find((answer) => !isSuccess(answer) && !probe.isInProgress(answer));
      if (strange !== undefined) throw new Failed(`one of them got ${probe.described(strange)}`);
      if (successes.length === 0) throw new Failed('none of them got the answer of the operation');
      const bodies = new Set(successes.map(({ body }) => body.toString('latin1')));
      if (bodies.size > 1) throw new Failed(`${bodies.size} different successful answers`);
      await tally.expect(1);
    },
  },
  {
    id: 'R32',
    title: 'the refusal of a duplicate is not kept',
    source: draft('2.6'),
    expected: 'once the first request has ended, the first answer',
    requests: sceneRequests,
    excluded: onlyConflict,
    async check(probe) {
      const { first, later } = await refusedDuplicate(probe);
      probe.expectSame(first, later);
    },
  },
];
