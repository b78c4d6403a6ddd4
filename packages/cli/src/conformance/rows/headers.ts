/** The headers of replays and errors, and the form of errors. */

import type { Claims } from '../claims.ts';
import { member, parseJson, valueAt } from '../json.ts';
import type { Probe } from '../probe.ts';
import { Failed, NotSeen, type Row } from '../row.ts';
import { isSuccess } from '../target/signs.ts';
import type { Answer } from '../target/wire.ts';
import type { Header } from '../template.ts';
import { draft } from './sources.ts';

/** Headers that apply to one exchange or one client. */
const passing = [
  ...['date', 'set-cookie', 'www-authenticate', 'retry-after', 'ratelimit', 'x-ratelimit-remaining'],
  ...['x-ratelimit-reset', 'access-control-allow-origin', 'content-security-policy', 'traceparent'],
];

/** Headers that belong to the answer. */
const lasting = [
  ...['content-type', 'location', 'etag', 'last-modified', 'link', 'content-language', 'content-location'],
  ...['content-disposition', 'preference-applied'],
];

/** The answer to a key that was used for another payload. */
async function mismatch(probe: Probe): Promise<Answer> {
  const key = probe.newKey();
  await probe.run({ key });
  const other = { body: probe.otherBody() };
  const answer = await probe.send({ ...other, key });
  await probe.expectAcceptable(other, answer);
  if (!probe.isMismatch(answer)) throw new NotSeen(`another payload got ${probe.described(answer)} (R17)`);
  return answer;
}

/** What the body of an error lacks in a convention; undefined if nothing. */
function lackOfProblem(answer: Answer, { profile }: Claims): string | undefined {
  const type = answer.header('content-type') ?? 'no Content-Type';
  const json = parseJson(answer.body.toString());
  if (profile === 'ietf') {
    if (!type.startsWith('application/problem+json')) return type;
    const links = [String(member(json, 'type')), answer.header('link') ?? ''];
    if (!links.some((link) => /^<?(https?:|\/)/.test(link))) return 'no link to a documentation in "type" or Link';
    return typeof member(json, 'title') === 'string' ? undefined : 'no "title"';
  }
  if (!/^application\/json\b/.test(type)) return type;
  const places = {
    stripe: ['/error/type', '/error/message'],
    acp: ['/type', '/code', '/message'],
    ucp: ['/messages/0/type', '/messages/0/code', '/messages/0/content', '/messages/0/severity'],
  }[profile];
  const missing = places.find((place) => typeof valueAt(json, place) !== 'string');
  return missing === undefined ? undefined : `no text at ${missing}`;
}

function forbidsCaches(answer: Answer): boolean {
  return /\bno-store\b/.test(answer.header('cache-control') ?? '');
}

/** R51, R52, R63–R65, R75. */
export const headerRows: readonly Row[] = [
  {
    id: 'R51',
    title: 'headers of one exchange are not replayed',
    source: 'RFC 9110 §6.6.1, RFC 6265 §3',
    expected: 'Date, Set-Cookie, rate-limit and trace headers of a replay are its own',
    requests: 3,
    async check(probe) {
      const key = probe.newKey();
      const first = await probe.run({ key });
      // A Date counts in seconds.
      await probe.runtime.sleep(1_100);
      const replay = await probe.send({ key });
      const unrelated = await probe.run({ key: probe.newKey() });
      const varying = passing.filter((name) => first.header(name) !== unrelated.header(name));
      if (varying.length === 0) throw new NotSeen('the answers have no such headers, or always the same ones');
      const replayed = varying.filter((name) => first.header(name) && replay.header(name) === first.header(name));
      if (replayed.length > 0) throw new Failed(`replayed: ${replayed.join(', ')}`);
    },
  },
  {
    id: 'R52',
    title: 'headers of the answer are replayed, repeated ones repeated',
    source: draft('2.6'),
    expected: 'the same Content-Type, Location, ETag, Link and the like',
    requests: 2,
    async check(probe) {
      const [first, replay] = await probe.twice();
      const present = lasting.filter((name) => first.header(name) !== undefined);
      if (present.length === 0) throw new NotSeen('the answer has no such headers');
      const different = present.filter((name) => first.all(name).join('\n') !== replay.all(name).join('\n'));
      if (different.length > 0) throw new Failed(`lost or changed: ${different.join(', ')}`);
    },
  },
  {
    id: 'R63',
    title: 'an error has the form of its convention',
    source: `${draft('2.7')}, RFC 9457`,
    expected: ({ profile }) =>
      profile === 'ietf' ? 'application/problem+json with title and a link' : `a body in the form of ${profile}`,
    requests: 3,
    async check(probe) {
      const lack = lackOfProblem(await mismatch(probe), probe.claims);
      if (lack !== undefined) throw new Failed(lack);
    },
  },
  {
    id: 'R64',
    title: 'caches store neither replays nor errors',
    source: 'RFC 9111 §3',
    expected: 'Cache-Control: no-store, or what the operation itself set',
    requests: 5,
    async check(probe) {
      const [first, replay] = await probe.twice();
      const own = first.header('cache-control');
      if (!forbidsCaches(replay) && (own === undefined || replay.header('cache-control') !== own))
        throw new Failed(`on the replay Cache-Control: ${replay.header('cache-control') ?? 'none'}`);
      if (!forbidsCaches(await mismatch(probe))) throw new Failed('an error without Cache-Control: no-store');
    },
  },
  {
    id: 'R65',
    title: 'scripts of another origin can send a key and see the marker',
    source: 'fetch.spec.whatwg.org/#http-cors-protocol',
    expected:
      'the preflight allows the origin and Idempotency-Key; the replay exposes its marker and Retry-After by name',
    requests: 3,
    excluded: ({ origin }) => (origin === undefined ? 'no origin is claimed (--origin)' : undefined),
    check: expectCrossOrigin,
  },
  {
    id: 'R75',
    title: 'headers for one origin are not replayed to another',
    source: 'fetch.spec.whatwg.org/#http-cors-protocol',
    expected: 'Access-Control-Allow-Origin of a replay is that for the origin of the retry',
    requests: 3,
    excluded: ({ origin }) => (origin === undefined ? 'no origin is claimed (--origin)' : undefined),
    async check(probe) {
      const from = (origin: string): readonly Header[] => [['Origin', origin]];
      const key = probe.newKey();
      const allowed = ({ header }: Answer) => header('access-control-allow-origin');
      const first = await probe.run({ key, headers: from(probe.claims.origin ?? '') });
      const replay = await probe.send({ key, headers: from('https://other.example') });
      const unrelated = await probe.run({ key: probe.newKey(), headers: from('https://other.example') });
      if (allowed(first) === allowed(unrelated)) throw new NotSeen('the header does not depend on the origin');
      if (allowed(replay) === allowed(first)) throw new Failed(`allowed for another origin: ${allowed(first)}`);
    },
  },
];

/** The names in a header, in lower case. */
function namesIn(answer: Answer, header: string): readonly string[] {
  const names = (answer.header(header) ?? '').toLowerCase().split(',');
  return names.map((name) => name.trim()).filter((name) => name !== '');
}

function expectAllowed(answer: Answer, origin: string): void {
  const allowed = answer.header('access-control-allow-origin');
  if (allowed !== origin && allowed !== '*') throw new Failed(`Access-Control-Allow-Origin: ${allowed ?? 'none'}`);
}

async function expectCrossOrigin(probe: Probe): Promise<void> {
  const { origin = '', marker } = probe.claims;
  const { url, method } = probe.template;
  const asking: readonly Header[] = [
    ['Origin', origin],
    ['Access-Control-Request-Method', method],
    ['Access-Control-Request-Headers', 'content-type,idempotency-key'],
  ];
  const preflight = await probe.send({ call: { method: 'OPTIONS', url, headers: asking, body: undefined } });
  if (!isSuccess(preflight)) throw new Failed(`the preflight got ${probe.described(preflight)}`);
  expectAllowed(preflight, origin);
  const allowed = namesIn(preflight, 'access-control-allow-headers');
  if (!allowed.includes('idempotency-key') && !allowed.includes('*'))
    throw new Failed(`the preflight allows ${allowed.join(', ') || 'no header'}`);
  const key = probe.newKey();
  const headers: readonly Header[] = [['Origin', origin]];
  await probe.run({ key, headers });
  const replay = await probe.send({ key, headers });
  expectAllowed(replay, origin);
  const exposed = namesIn(replay, 'access-control-expose-headers');
  const hidden = [...(marker === undefined ? [] : [marker]), 'Retry-After'].filter(
    (name) => !exposed.includes(name.toLowerCase()),
  );
  if (hidden.length > 0) throw new Failed(`the replay does not expose ${hidden.join(', ')}`);
}
