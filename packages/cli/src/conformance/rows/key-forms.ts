/** The forms of a key: quoted, bare, malformed, empty, too long, repeated. */

import type { Claims } from '../claims.ts';
import type { Probe, Sending } from '../probe.ts';
import { Failed, NotSeen, type Row } from '../row.ts';
import { isSuccess } from '../target/signs.ts';
import { checklist, draft, stripe } from './sources.ts';

const refused = ({ statuses }: Claims) => `${statuses.keyInvalid}, and the operation does not run`;

const onlyStrings = ({ keyFormat }: Claims) =>
  keyFormat === 'bare' ? 'the target takes any text as a key (--key-format bare)' : undefined;

/** Common limits of one header, in characters, are 8 or 16 KiB. */
const longestHeader = 8_000;

/** Sends each request, which must be refused without an execution. */
async function expectRefusals(probe: Probe, sendings: Readonly<Record<string, Sending>>): Promise<void> {
  const tally = await probe.tally();
  const wrong: string[] = [];
  for (const [name, sending] of Object.entries(sendings)) {
    const answer = await probe.send(sending);
    if (answer.status !== probe.claims.statuses.keyInvalid) wrong.push(`${name}: ${probe.described(answer)}`);
  }
  if (wrong.length > 0) throw new Failed(wrong.join('; '));
  await tally.expect(0, 'unanswered');
}

/** Sends two forms of the same key: the second answer must be that of the first. */
async function expectSameKey(probe: Probe, first: Sending, second: Sending): Promise<void> {
  const tally = await probe.tally();
  probe.expectSame(await probe.run(first), await probe.send(second));
  await tally.expect(1);
}

function malformed(key: string): Readonly<Record<string, string>> {
  return {
    'an open quote': `"${key}`,
    'a quote inside': `a"${key}`,
    parameters: `"${key}";a=1`,
    'text after the string': `"${key}" x`,
    'an unknown escape': `"${key}\\c"`,
    'a quoted non-ASCII letter': `"${key}\u00e9"`,
    'a space inside': `${key} b`,
  };
}

/** R7–R13. */
export const keyFormRows: readonly Row[] = [
  {
    id: 'R7',
    title: 'a quoted key is accepted',
    source: draft('2.1'),
    expected: 'the key "k" in quotes names one operation: a request, and its replay',
    requests: 2,
    excluded: onlyStrings,
    async check(probe) {
      const quoted = probe.rawKey(`"${probe.newKey()}"`);
      await expectSameKey(probe, quoted, quoted);
    },
  },
  {
    id: 'R8',
    title: 'a quoted key and the bare one are the same',
    source: `${stripe}, ${draft('2.1')}`,
    expected: '"k" and k name one operation (--key-format strict or bare, if only one form is accepted)',
    requests: 2,
    excluded: ({ keyFormat }) =>
      keyFormat === 'lenient' ? undefined : `the target claims only one form (--key-format ${keyFormat})`,
    async check(probe) {
      const key = probe.newKey();
      await expectSameKey(probe, probe.rawKey(`"${key}"`), probe.rawKey(key));
    },
  },
  {
    id: 'R9',
    title: 'a bare key is refused where only strings are accepted',
    source: draft('2.1'),
    expected: refused,
    requests: 1,
    excluded: ({ keyFormat }) =>
      keyFormat === 'strict' ? undefined : `the target accepts bare keys (--key-format ${keyFormat})`,
    check: (probe) => expectRefusals(probe, { 'a bare key': probe.rawKey(probe.newKey()) }),
  },
  {
    id: 'R10',
    title: 'a malformed key is refused and never runs unprotected',
    source: draft('5'),
    expected: refused,
    requests: 9,
    async check(probe) {
      const key = probe.newKey();
      const forms = probe.claims.keyFormat === 'bare' ? {} : malformed(key);
      const all = { ...forms, 'a non-ASCII letter': `${key}\u00e9` };
      const sendings = Object.entries(all).map(([name, value]) => [name, probe.rawKey(value)] as const);
      const tally = await probe.tally();
      const status = await probe.wire.sendRawKey(probe.template, `${key}\u0001`);
      // A server that closes the connection has refused the request, too.
      if (status !== undefined && status !== probe.claims.statuses.keyInvalid)
        throw new Failed(`a control character: ${status}`);
      await expectRefusals(probe, Object.fromEntries(sendings));
      await tally.expect(0, 'unanswered');
    },
  },
  {
    id: 'R11',
    title: 'an empty key is refused',
    source: checklist,
    expected: refused,
    requests: 3,
    check(probe) {
      const nothing = { 'no value': probe.rawKey('') };
      if (probe.claims.keyFormat === 'bare') return expectRefusals(probe, nothing);
      const quoted = { 'an empty string': probe.rawKey('""'), 'a blank string': probe.rawKey('" "') };
      return expectRefusals(probe, { ...nothing, ...quoted });
    },
  },
  {
    id: 'R12',
    title: 'the longest key is accepted, a longer one is refused',
    source: stripe,
    expected: ({ maxKeyLength, statuses }) =>
      `${maxKeyLength} characters run; one more gets ${statuses.keyInvalid} (--max-key-length)`,
    requests: 2,
    async check(probe) {
      const { maxKeyLength } = probe.claims;
      if (maxKeyLength > longestHeader) throw new NotSeen(`servers limit headers to about ${longestHeader} characters`);
      const longest = probe.newKey().padEnd(maxKeyLength, 'k');
      const answer = await probe.send({ key: longest });
      if (!isSuccess(answer)) throw new Failed(`${longest.length} characters: ${probe.described(answer)}`);
      await expectRefusals(probe, { [`${longest.length + 1} characters`]: { key: `${longest}k` } });
    },
  },
  {
    id: 'R13',
    title: 'a repeated or joined key is refused',
    source: 'RFC 9651 §4.2, RFC 9110 §5.3',
    expected: refused,
    requests: 3,
    check(probe) {
      const [one, two] = [probe.keyHeader(probe.newKey()), probe.keyHeader(probe.newKey())];
      return expectRefusals(probe, {
        'two keys in two lines': { headers: [one, two] },
        'one key in two lines': { headers: [one, one] },
        'two keys in one line': probe.rawKey(`${one[1]}, ${two[1]}`),
      });
    },
  },
];
