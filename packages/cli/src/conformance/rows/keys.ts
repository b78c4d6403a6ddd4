/** Keys, replays, and requests without a key. */

import { Failed, NotSeen, type Row } from '../row.ts';
import { isSuccess } from '../target/signs.ts';
import { builders, checklist, draft, stripe } from './sources.ts';

/** Characters that are special to stores, and may collide with their neighbours. */
const endings = ['', ':b', '*', '?', '{a}', '%', '%25', "'b", '$1', '/../a', '\\b', '"b'];

/** R1–R6, R14–R16. */
export const keyRows: readonly Row[] = [
  {
    id: 'R1',
    title: 'a new key runs, without the marker of a replay',
    source: draft('2.6'),
    expected: 'a successful answer without a replay marker; one execution',
    requests: 1,
    async check(probe) {
      const tally = await probe.tally();
      const answer = await probe.run({ key: probe.newKey() });
      const status = answer.header('idempotency-status');
      if (status !== undefined && status !== 'executed') throw new Failed(`Idempotency-Status: ${status}`);
      await tally.expect(1);
    },
  },
  {
    id: 'R2',
    title: 'a repeat gets the same status and bytes',
    source: draft('2.6'),
    expected: 'the same status and bytes; one execution',
    requests: 2,
    async check(probe) {
      const key = probe.newKey();
      const tally = await probe.tally();
      probe.expectSame(await probe.run({ key }), await probe.send({ key }));
      await tally.expect(1);
    },
  },
  {
    id: 'R3',
    title: 'a replay is marked',
    source: stripe,
    expected: ({ marker }) => `${marker}: true on the replay, and not on the first answer`,
    requests: 2,
    excluded: ({ marker }) => (marker === undefined ? 'the target does not claim a marker (--no-marker)' : undefined),
    async check(probe) {
      const key = probe.newKey();
      const { marker = '' } = probe.claims;
      await probe.run({ key });
      const replay = await probe.send({ key });
      const value = replay.header(marker);
      if (value !== 'true') throw new Failed(value === undefined ? `no header ${marker}` : `${marker}: ${value}`);
      const status = replay.header('idempotency-status');
      if (status !== undefined && status !== 'replayed') throw new Failed(`Idempotency-Status: ${status}`);
    },
  },
  {
    id: 'R4',
    title: 'two keys are two operations',
    source: `${draft('2.2')}, ${builders}`,
    expected: 'the same payload under two keys runs twice',
    requests: 2,
    async check(probe) {
      const tally = await probe.tally();
      await probe.run({ key: probe.newKey() });
      await probe.run({ key: probe.newKey() });
      await tally.expect(2);
    },
  },
  {
    id: 'R5',
    title: 'a missing key that is required is refused',
    source: draft('2.7'),
    expected: ({ statuses }) => `${statuses.keyMissing}, and the operation does not run`,
    requests: 1,
    excluded: ({ keyRequired }) => (keyRequired ? undefined : 'the target claims that a key is optional (--key)'),
    async check(probe) {
      const tally = await probe.tally();
      const answer = await probe.send({});
      if (answer.status !== probe.claims.statuses.keyMissing) throw new Failed(probe.described(answer));
      await tally.expect(0, 'unanswered');
    },
  },
  {
    id: 'R6',
    title: 'without a key every request runs',
    source: checklist,
    expected: 'two successful answers, neither of them a replay; two executions (--key required, if it is)',
    requests: 2,
    excluded: ({ keyRequired }) => (keyRequired ? 'the target claims that a key is required (--key)' : undefined),
    async check(probe) {
      const tally = await probe.tally();
      for (const answer of [await probe.send({}), await probe.send({})])
        if (!isSuccess(answer) || probe.isReplay(answer)) throw new Failed(probe.described(answer));
      await tally.expect(2);
    },
  },
  {
    id: 'R14',
    title: "the header's name is read in any case",
    source: 'RFC 9110 §5.1',
    expected: 'IDEMPOTENCY-KEY and idempotency-key name one operation',
    requests: 2,
    async check(probe) {
      const [, value] = probe.keyHeader(probe.newKey());
      const tally = await probe.tally();
      const first = await probe.run({ headers: [['IDEMPOTENCY-KEY', value]] });
      probe.expectSame(first, await probe.send({ headers: [['idempotency-key', value]] }));
      await tally.expect(1);
    },
  },
  {
    id: 'R15',
    title: 'keys are compared with case',
    source: 'RFC 9651 §3.3.3',
    expected: 'keys that differ in case are two operations',
    requests: 2,
    async check(probe) {
      // A UUID may lack letters; this key has some.
      const key = `${probe.newKey()}abc`.slice(-Math.min(probe.claims.maxKeyLength, 39));
      const tally = await probe.tally();
      await probe.run({ key });
      await probe.run({ key: key.toUpperCase() });
      await tally.expect(2);
    },
  },
  {
    id: 'R16',
    title: 'no character of a key is special to the store',
    source: draft('5'),
    expected: 'each key is an operation of its own that is replayed, or is refused with 400 each time',
    requests: 2 * endings.length,
    async check(probe) {
      const isBare = probe.claims.keyFormat === 'bare';
      const start = probe.newKey();
      const keys = endings.filter((ending) => !(isBare && /["\\]/.test(ending))).map((ending) => start + ending);
      const tally = await probe.tally();
      const firsts = await inOrder(keys, (key) => probe.send({ key }));
      const accepted = keys.filter((_, index) => firsts[index]?.status !== probe.claims.statuses.keyInvalid);
      if (accepted.length < 2) throw new NotSeen('the target refuses keys with such characters');
      for (const [index, key] of keys.entries()) {
        const first = firsts[index];
        if (first === undefined) continue;
        const name = JSON.stringify(`…${key.slice(start.length)}`);
        if (!accepted.includes(key)) {
          const second = await probe.send({ key });
          if (second.status !== first.status)
            throw new Failed(`key ${name}: first ${probe.described(first)}, then ${probe.described(second)}`);
          continue;
        }
        if (!isSuccess(first) || probe.isReplay(first)) throw new Failed(`key ${name}: ${probe.described(first)}`);
        probe.expectSame(first, await probe.send({ key }));
      }
      await tally.expect(accepted.length);
    },
  },
];

async function inOrder<Item, Made>(items: readonly Item[], make: (item: Item) => Promise<Made>): Promise<Made[]> {
  const made: Made[] = [];
  for (const item of items) made.push(await make(item));
  return made;
}
