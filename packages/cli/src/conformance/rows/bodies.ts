/** The bodies of answers and requests: binary, empty, large, streamed, broken off, compressed. */

import { isUtf8 } from 'node:buffer';
import { gunzipSync } from 'node:zlib';
import type { Probe } from '../probe.ts';
import { Failed, NotSeen, type Row } from '../row.ts';
import { isSuccess } from '../target/signs.ts';
import { type Answer, Unanswered } from '../target/wire.ts';
import { builders, draft } from './sources.ts';

/** The retry must get the same answer, or an error that is not a failure of the server. */
function expectKeptOrNot(probe: Probe, first: Answer, retry: Answer): void {
  if (isSuccess(retry)) probe.expectSame(first, retry);
  else if (retry.status >= 500) throw new Failed(`the retry got ${probe.described(retry)}`);
}

/** A smaller answer is kept by most targets. */
const largeBytes = 64 * 1024;

/** Sends a body that the target may not read to its end; undefined if the connection was closed meanwhile. */
async function sendUnread(probe: Probe, body: Buffer): Promise<Answer | undefined> {
  try {
    return await probe.send({ key: probe.newKey(), body });
  } catch (error) {
    if (error instanceof Unanswered && /ECONNRESET|EPIPE/.test(error.message)) return undefined;
    throw error;
  }
}

/** The decoded bytes, up to one more than those that are expected. */
function decoded(body: Buffer, expectedBytes: number): Buffer {
  try {
    return gunzipSync(body, { maxOutputLength: expectedBytes + 1 });
  } catch {
    throw new Failed('the first answer cannot be decoded to the bytes of the second');
  }
}

/** R53–R57, R80. */
export const bodyRows: readonly Row[] = [
  {
    id: 'R53',
    title: 'binary and empty answers are replayed unchanged',
    source: draft('2.6'),
    expected: 'the same status and bytes, with a Content-Length that fits',
    requests: 4,
    async check(probe) {
      const { binary, empty } = probe.template.variants;
      if (binary === undefined && empty === undefined)
        throw new NotSeen('add the variant "binary" or "empty" to the template');
      const unseen: string[] = [];
      for (const [name, call] of Object.entries({ binary, empty })) {
        if (call === undefined) continue;
        const tally = await probe.tally();
        const [first, replay] = await probe.twice(call);
        probe.expectSame(first, replay);
        const isSeen = name === 'binary' ? !isUtf8(first.body) : first.body.length === 0;
        if (!isSeen) unseen.push(`the answer of the variant "${name}" is ${name === 'binary' ? 'text' : 'not empty'}`);
        const lengths = [first, replay].map((answer) => answer.header('content-length'));
        if (lengths[1] !== undefined && lengths[1] !== String(replay.body.length))
          throw new Failed(`Content-Length: ${lengths.join(', then ')}`);
        const executions = await tally.count();
        if (executions !== undefined && executions > 1) throw new Failed('the operation ran twice');
      }
      if (unseen.length > 0) throw new NotSeen(unseen.join('; '));
    },
  },
  {
    id: 'R54',
    title: 'an operation whose answer is too large runs once',
    source: builders,
    expected: 'the same answer, or an error that says that it was not kept; one execution',
    requests: 2,
    async check(probe) {
      const call = probe.variant('large');
      const key = probe.newKey();
      const tally = await probe.tally();
      const first = await probe.run({ key, call });
      const retry = await probe.send({ key, call });
      expectKeptOrNot(probe, first, retry);
      await tally.expect(1);
      if (isSuccess(retry) && first.body.length < largeBytes)
        throw new NotSeen(`the answer of the variant "large" has ${first.body.length} bytes, and was kept`);
    },
  },
  {
    id: 'R55',
    title: 'a request over the limit is refused',
    source: 'RFC 9110 §15.5.14',
    expected: '413, and the operation does not run',
    requests: 2,
    excluded: ({ maxBodyBytes }) => (maxBodyBytes === undefined ? 'no limit is claimed (--max-body)' : undefined),
    async check(probe) {
      const { maxBodyBytes = 0 } = probe.claims;
      const { body = Buffer.alloc(0) } = probe.template;
      if (maxBodyBytes > 16 * 1024 * 1024) throw new NotSeen('the limit is more than 16 MiB');
      const tally = await probe.tally();
      const padding = Buffer.alloc(Math.max(0, maxBodyBytes - body.length) + 1, ' ');
      const large = Buffer.concat([body, padding]);
      const answer = (await sendUnread(probe, large)) ?? (await sendUnread(probe, large));
      if (answer === undefined) throw new NotSeen('the target closes the connection before its answer can be read');
      if (answer.status !== 413) throw new Failed(probe.described(answer));
      await tally.expect(0, 'unanswered');
    },
  },
  {
    id: 'R56',
    title: 'a streamed answer is replayed whole',
    source: draft('2.6'),
    expected: 'the same bytes, or an error that says that they were not kept; one execution',
    requests: 2,
    async check(probe) {
      const call = probe.variant('streamed');
      const tally = await probe.tally();
      const [first, retry] = await probe.twice(call);
      expectKeptOrNot(probe, first, retry);
      await tally.expect(1);
      if (!/\bchunked\b/i.test(first.header('transfer-encoding') ?? ''))
        throw new NotSeen('the answer of the variant "streamed" is not chunked');
    },
  },
  {
    id: 'R57',
    title: 'an answer that broke off is never replayed as if it were whole',
    source: 'RFC 9112 §8',
    expected: 'an error, the whole answer, or another answer that breaks off',
    requests: 2,
    async check(probe) {
      const call = probe.variant('cut');
      const key = probe.newKey();
      const first = await probe.send({ key, call }).catch((error: unknown) => error);
      if (!(first instanceof Unanswered)) throw new NotSeen('the answer of the variant "cut" does not break off');
      const retry = await probe.untilFinal({ key, call }).catch((error: unknown) => error);
      if (retry instanceof Unanswered) return;
      if (retry instanceof Error) throw retry;
      const { status, body } = retry as Answer;
      if (status < 300 && (body.length === 0 || first.received?.equals(body)))
        throw new Failed(`${status} with the ${body.length} bytes that had come before, as if they were all`);
    },
  },
  {
    id: 'R80',
    title: 'a compressed answer is replayed to a client without that coding',
    source: 'RFC 9110 §12.5.3',
    expected: 'the same bytes without Content-Encoding',
    requests: 2,
    async check(probe) {
      const key = probe.newKey();
      const first = await probe.run({ key, headers: [['Accept-Encoding', 'gzip']] });
      if (first.header('content-encoding') !== 'gzip') throw new NotSeen('the answer is not compressed');
      const plain = await probe.send({ key, headers: [['Accept-Encoding', 'identity']] });
      if (!isSuccess(plain)) throw new Failed(`it got ${probe.described(plain)}`);
      const coding = plain.header('content-encoding');
      if (coding !== undefined && coding !== 'identity') throw new Failed(`Content-Encoding: ${coding}`);
      if (!decoded(first.body, plain.body.length).equals(plain.body))
        throw new Failed('other bytes than the first answer, decoded');
    },
  },
];
