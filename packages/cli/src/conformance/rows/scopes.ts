/** What keys belong to: principals, operations and a time; and requests that keys don't apply to. */

import type { Probe, Sending } from '../probe.ts';
import { Failed, NotSeen, type Row } from '../row.ts';
import { isSuccess } from '../target/signs.ts';
import type { Answer } from '../target/wire.ts';
import { draft, stripe } from './sources.ts';

/**
 * A request in another scope must get an answer of its own. One that equals the first is own only if it was counted, or
 * if all answers there are equal.
 */
async function expectOwnAnswer(
  probe: Probe,
  first: Answer,
  sending: Sending & { readonly key: string },
): Promise<void> {
  const tally = await probe.tally();
  const other = await probe.send(sending);
  if (!isSuccess(other) || probe.isReplay(other)) throw new Failed(`the other request got ${probe.described(other)}`);
  if (other.body.equals(first.body) && (await tally.count()) !== 1) {
    const unrelated = await probe.run({ ...sending, key: probe.newKey() });
    if (!unrelated.body.equals(first.body)) throw new Failed('the other request got the first answer');
    throw new NotSeen('all answers are equal, and replays are not marked');
  }
  probe.expectSame(other, await probe.send(sending));
}

/** R20, R46, R49, R58. */
export const scopeRows: readonly Row[] = [
  {
    id: 'R20',
    title: 'another path or method is another operation',
    source: draft('5'),
    expected: 'the same key at the variant "elsewhere" runs there, and never gets the first answer',
    requests: 3,
    async check(probe) {
      const call = probe.variant('elsewhere');
      const key = probe.newKey();
      const first = await probe.run({ key });
      await expectOwnAnswer(probe, first, { key, call });
    },
  },
  {
    id: 'R49',
    title: 'principals neither see nor block each other',
    source: draft('5'),
    expected: 'the same key with the credentials of the variant "other" runs; two executions',
    requests: 4,
    async check(probe) {
      const call = probe.variant('other');
      const key = probe.newKey();
      const tally = await probe.tally();
      const first = await probe.run({ key });
      await expectOwnAnswer(probe, first, { key, call, body: probe.otherBody(call) });
      probe.expectSame(first, await probe.send({ key }));
      await tally.expect(2);
    },
  },
  {
    id: 'R46',
    title: 'after retention a key is new',
    source: `${draft('2.3')}, ${stripe}`,
    expected: 'the same key runs again; two executions',
    requests: 3,
    excluded: ({ retentionMs }) => (retentionMs === undefined ? 'no retention is claimed (--retention)' : undefined),
    async check(probe) {
      const { retentionMs = 0 } = probe.claims;
      if (retentionMs > probe.maxWaitMs)
        throw new NotSeen(`the retention of ${retentionMs / 1_000} s is longer than --max-wait`);
      const key = probe.newKey();
      const tally = await probe.tally();
      const first = await probe.run({ key });
      probe.expectSame(first, await probe.send({ key }));
      await probe.runtime.sleep(retentionMs + 500);
      const later = await probe.send({ key });
      if (!isSuccess(later) || probe.isReplay(later)) throw new Failed(`it got ${probe.described(later)}`);
      await tally.expect(2);
    },
  },
  {
    id: 'R58',
    title: 'a key on a safe method is ignored',
    source: stripe,
    expected: 'a GET with the same key before and after a write returns the data as of that request',
    requests: 4,
    async check(probe) {
      const call = probe.variant('read');
      const key = probe.newKey();
      const before = await probe.send({ key, call });
      if (!isSuccess(before)) throw new NotSeen(`the variant "read" got ${probe.described(before)}`);
      await probe.run({ key: probe.newKey() });
      const unkeyed = await probe.send({ call });
      const after = await probe.send({ key, call });
      if (probe.isReplay(after)) throw new Failed('the second GET got a replay');
      if (!isSuccess(after)) throw new Failed(`the second GET got ${probe.described(after)}`);
      if (unkeyed.body.equals(before.body)) throw new NotSeen('the answer of the variant "read" does not change');
      if (after.body.equals(before.body)) throw new Failed('the second GET got the data of the first');
    },
  },
];
