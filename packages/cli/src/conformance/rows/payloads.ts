/** What counts as the same payload. */

import { lookalikes, type Pair, reordered, repeatedName, withOther, withOtherBoundary } from '../bodies.ts';
import type { Claims } from '../claims.ts';
import { pathOf } from '../json.ts';
import type { Probe, Sending } from '../probe.ts';
import { Failed, NotSeen, type Row } from '../row.ts';
import { isSuccess } from '../target/signs.ts';
import { headerOf } from '../template.ts';
import { checklist, draft } from './sources.ts';

const mismatch = ({ statuses }: Claims) => `${statuses.keyReused} that says that the key was reused; one execution`;

/** Sends two requests under one key: the second must get the answer of the first. */
async function expectSamePayload(probe: Probe, first: Sending, second: Sending): Promise<void> {
  const key = probe.newKey();
  const tally = await probe.tally();
  const answer = await probe.run({ ...first, key });
  probe.expectSame(answer, await probe.send({ ...second, key }));
  await tally.expect(1);
}

/**
 * Sends two requests under one key: the second must be refused.
 *
 * @throws NotSeen if one of them is refused for another reason, so that the comparison is not visible.
 */
async function expectMismatch(probe: Probe, first: Sending, second: Sending): Promise<void> {
  const key = probe.newKey();
  const tally = await probe.tally();
  const answer = await probe.send({ ...first, key });
  if (!isSuccess(answer)) throw new NotSeen(`the target refuses the first request: ${probe.described(answer)}`);
  const refusal = await probe.send({ ...second, key });
  if (isSuccess(refusal)) throw new Failed(`the second request got ${probe.described(refusal)}`);
  const executions = await tally.count();
  await probe.expectAcceptable(second, refusal);
  if (!probe.isMismatch(refusal)) throw new Failed(`the second request got ${probe.described(refusal)}`);
  tally.check(executions, 1, 'unanswered');
}

/** Checks each pair of bodies; one that can't be seen doesn't count if another can. */
async function expectMismatches(probe: Probe, pairs: Readonly<Record<string, Pair>>): Promise<void> {
  const unseen: string[] = [];
  for (const [name, [first, second]] of Object.entries(pairs)) {
    try {
      await expectMismatch(probe, { body: first }, { body: second });
    } catch (error) {
      if (error instanceof Failed) throw new Failed(`${name}: ${error.message}`);
      if (!(error instanceof NotSeen)) throw error;
      unseen.push(`${name}: ${error.message}`);
    }
  }
  if (unseen.length === Object.keys(pairs).length)
    throw new NotSeen(unseen.join('; ') || 'the body has no JSON number and no list of two different elements');
}

/** R17–R19, R21–R25, R76. */
export const payloadRows: readonly Row[] = [
  {
    id: 'R17',
    title: 'the key with another payload is refused',
    source: draft('2.7'),
    expected: mismatch,
    requests: 3,
    check: (probe) => expectMismatch(probe, {}, { body: probe.otherBody() }),
  },
  {
    id: 'R18',
    title: 'that refusal changes nothing',
    source: draft('2.7'),
    expected: 'the first payload gets the first answer again; one execution',
    requests: 3,
    async check(probe) {
      const key = probe.newKey();
      const tally = await probe.tally();
      const first = await probe.run({ key });
      const refusal = await probe.send({ key, body: probe.otherBody() });
      if (!probe.isMismatch(refusal)) throw new NotSeen(`another payload got ${probe.described(refusal)} (R17)`);
      probe.expectSame(first, await probe.send({ key }));
      await tally.expect(1, 'unanswered');
    },
  },
  {
    id: 'R19',
    title: 'another query is another payload',
    source: draft('2.4'),
    expected: mismatch,
    requests: 3,
    check: (probe) => expectMismatch(probe, {}, { query: 'other' }),
  },
  {
    id: 'R21',
    title: 'JSON in another order, with other white space, is the same payload',
    source: 'RFC 8785',
    expected: 'the first answer; one execution (--compare bytes, if bytes are compared)',
    requests: 2,
    excluded: ({ comparedBy }) => (comparedBy === 'bytes' ? 'the target compares bytes (--compare bytes)' : undefined),
    check(probe) {
      const body = reordered(probe.template);
      if (body === undefined) throw new NotSeen('the body is not a JSON object');
      return expectSamePayload(probe, {}, { body });
    },
  },
  {
    id: 'R22',
    title: 'JSON with other values is another payload',
    source: 'RFC 8785',
    expected: mismatch,
    requests: 9,
    check: (probe) => expectMismatches(probe, lookalikes(probe.template)),
  },
  {
    id: 'R23',
    title: 'JSON with a repeated name is compared by its bytes',
    source: 'RFC 8785',
    expected: mismatch,
    requests: 3,
    check(probe) {
      const pair = repeatedName(probe.template);
      if (pair === undefined) throw new NotSeen('the body is not a JSON object');
      return expectMismatch(probe, { body: pair[0] }, { body: pair[1] });
    },
  },
  {
    id: 'R24',
    title: 'multipart with another boundary is the same payload',
    source: 'RFC 2046 §5.1',
    expected: 'the first answer; one execution',
    requests: 2,
    excluded: ({ comparedBy }, template) => {
      if (comparedBy === 'bytes') return 'the target compares bytes (--compare bytes)';
      return /^multipart\//i.test(headerOf(template, 'content-type') ?? '') ? undefined : 'the body is not multipart';
    },
    check(probe) {
      const other = withOtherBoundary(probe.template);
      if (other === undefined) throw new NotSeen('the boundary is not in Content-Type');
      return expectSamePayload(probe, {}, { body: other.body, headers: [['Content-Type', other.type]] });
    },
  },
  {
    id: 'R25',
    title: 'members that may differ make no difference',
    source: checklist,
    expected: 'the first answer; one execution',
    requests: 2,
    excluded: ({ ignored }) => (ignored.length === 0 ? 'no such members are claimed (--ignore)' : undefined),
    async check(probe) {
      for (const pointer of probe.claims.ignored) {
        const body = withOther(probe.template, pathOf(pointer));
        if (body === undefined) throw new NotSeen('the body is not JSON');
        await expectSamePayload(probe, {}, { body });
      }
    },
  },
  {
    id: 'R76',
    title: 'a header that changes the meaning is part of the payload',
    source: draft('2.4'),
    expected: mismatch,
    requests: 3,
    excluded: ({ meaningfulHeaders }) =>
      meaningfulHeaders.length === 0 ? 'no such headers are claimed (--meaningful-header)' : undefined,
    async check(probe) {
      const unseen: NotSeen[] = [];
      for (const name of probe.claims.meaningfulHeaders) {
        const withValue = (value: string): Sending => ({ headers: [[name, value]] });
        try {
          await expectMismatch(probe, withValue('"a"'), withValue('"b"'));
        } catch (error) {
          if (!(error instanceof NotSeen)) throw error;
          unseen.push(error);
        }
      }
      if (unseen[0] !== undefined && unseen.length === probe.claims.meaningfulHeaders.length) throw unseen[0];
    },
  },
];
