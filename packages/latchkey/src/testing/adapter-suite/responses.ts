/**
 * Which headers and bytes of an answer are kept, and which requests are guarded.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { TransactionKind } from '../../core/store.ts';
import type { Header } from '../../http/exchange.ts';
import { open, receive, responseTo } from './client.ts';
import type { SuiteReply } from './scenario.ts';
import { assertFresh, assertProblem, assertReplay, firstKey, type Test } from './world.ts';

/** Headers that only apply to one exchange or one client. */
const passing: readonly Header[] = [
  ['Set-Cookie', 'session=a'],
  ['WWW-Authenticate', 'Basic'],
  ['X-RateLimit-Remaining', '7'],
  ['RateLimit', 'limit=10'],
  ['Access-Control-Allow-Origin', 'https://a.example'],
  ['Content-Security-Policy', "default-src 'none'"],
  ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
];

const lasting: readonly Header[] = [
  ['Location', '/charges/1'],
  ['Content-Type', 'application/vnd.charge+json'],
  ['ETag', '"v1"'],
  ['Link', '</a>; rel="next"'],
  ['Link', '</b>; rel="prev"'],
  ['X-Charge', 'ch_1'],
];

/** R51, R52, R75. */
function headerTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('R51 headers of one exchange are not replayed', async (world) => {
    const app = await world.app({ handler: () => ({ headers: passing, body: 'x' }) });
    const first = await app.send();
    const second = await app.send();
    assertReplay(second, first);
    for (const [name] of passing) {
      assert.notEqual(first.header(name), undefined, name);
      assert.equal(second.header(name), undefined, name);
    }
  });

  test('R52 headers of the answer are replayed, repeated ones repeated', async (world) => {
    const app = await world.app({ handler: () => ({ status: 201, headers: lasting, body: '{}' }) });
    const first = await app.send();
    const second = await app.send();
    assertReplay(second, first);
    for (const [name] of lasting) assert.deepEqual(second.all(name), first.all(name), name);
    assert.match(first.header('link') ?? '', /next.*prev/);
  });

  test('R75 headers set before the guard are those of the present request', async (world) => {
    const app = await world.app({
      outer: (header) => ({
        headers: [
          ['Access-Control-Allow-Origin', header('origin') ?? ''],
          ['X-Served-For', header('origin') ?? ''],
        ],
      }),
    });
    for (const origin of ['https://a.example', 'https://b.example']) {
      const answer = await app.send({ headers: [['Origin', origin]] });
      assert.equal(answer.header('access-control-allow-origin'), origin);
      assert.equal(answer.header('x-served-for'), origin);
    }
    assert.equal(world.executions, 1);
  });

  test("a client's own marker changes nothing", async (world) => {
    const app = await world.app();
    const headers: readonly Header[] = [
      ['Idempotent-Replayed', 'true'],
      ['Idempotency-Status', 'in-progress'],
      ['X-Hit', '1'],
    ];
    assertFresh(await app.send({ headers }));
    assert.equal((await app.send({ headers })).header('idempotent-replayed'), 'true');
  });
}

/** Gzips if the client accepts it, as a compression middleware does. */
function compressing(accepts: string | undefined): SuiteReply {
  const text = 'a'.repeat(2_000);
  if (accepts?.includes('gzip') !== true) return { body: text };
  const headers: readonly Header[] = [
    ['Content-Encoding', 'gzip'],
    ['Vary', 'Accept-Encoding'],
  ];
  return { headers, body: gzipSync(text) };
}

/** R53, R80. */
function bodyTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('R53 binary bytes are replayed unchanged', async (world) => {
    const all = Uint8Array.from({ length: 256 }, (_, index) => index);
    const headers: readonly Header[] = [['Content-Type', 'application/octet-stream']];
    const app = await world.app({ handler: () => ({ headers, body: all }) });
    const first = await app.send();
    assert.deepEqual(new Uint8Array(first.body), all);
    const second = await app.send();
    assertReplay(second, first);
    assert.equal(second.header('content-length'), '256');
  });

  test('R53 an empty 204 is an answer', async (world) => {
    const app = await world.app({ handler: () => ({ status: 204 }) });
    const first = await app.send();
    const second = await app.send();
    assertReplay(second, first);
    assert.equal(second.status, 204);
    assert.equal(second.header('content-length'), undefined);
    assert.equal(world.executions, 1);
  });

  test('R53 an empty 200 is an answer', async (world) => {
    const app = await world.app({ handler: () => ({ status: 200, body: '' }) });
    const first = await app.send();
    assertReplay(await app.send(), first);
    assert.equal(world.executions, 1);
  });

  test('R53 R80 a compressed answer is replayed compressed or plain, as the client accepts', async (world) => {
    const app = await world.app({ handler: ({ header }) => compressing(header('accept-encoding')) });
    const gzip: readonly Header[] = [['Accept-Encoding', 'gzip']];
    const first = await app.send({ headers: gzip });
    const again = await app.send({ headers: gzip });
    const plain = await app.send();
    assert.equal(gunzipSync(first.body).toString(), 'a'.repeat(2_000));
    const unpacked = again.header('content-encoding') === 'gzip' ? gunzipSync(again.body) : again.body;
    assert.equal(unpacked.toString(), 'a'.repeat(2_000));
    assert.equal(plain.body.toString(), 'a'.repeat(2_000));
    assert.equal(plain.header('content-encoding'), undefined);
    assert.equal(plain.header('content-length'), '2000');
    assert.equal(world.executions, 1);
  });
}

/** R50, R55, R58, R59, R65. */
function boundaryTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('R55 a request over the limit is refused, with and without Content-Length', async (world) => {
    const app = await world.app({ request: { maxBytes: 1_000 } });
    assertProblem(await app.send({ body: 'x'.repeat(1_001), type: 'text/plain' }), 413, 'request-too-large');
    const request = open(app.origin, { key: firstKey, body: '', type: 'text/plain' });
    const head = responseTo(request);
    request.on('error', () => undefined);
    for (let index = 0; index < 64; index += 1) request.write('x'.repeat(16_384));
    request.end();
    assertProblem(await receive(await head), 413, 'request-too-large');
    assert.equal(world.executions, 0);
    assertFresh(await app.send({ body: 'x'.repeat(1_000), type: 'text/plain' }));
  });

  test('R58 a key on a safe method is ignored', async (world) => {
    const app = await world.app({ handler: (_request, execution) => ({ body: String(execution) }) });
    for (const method of ['GET', 'OPTIONS', 'HEAD']) assertFresh(await app.send({ method }), 200);
    await app.send();
    assert.equal((await app.send({ method: 'GET' })).body.toString(), '5');
  });

  test('R59 PUT and DELETE are unguarded unless the route opts in', async (world) => {
    const app = await world.app();
    for (const method of ['PUT', 'DELETE']) {
      assertFresh(await app.send({ method }));
      assertFresh(await app.send({ method }));
    }
    const optedIn = await world.app({ methods: ['PUT', 'DELETE'] });
    for (const method of ['PUT', 'DELETE']) {
      const first = await optedIn.send({ method });
      assertReplay(await optedIn.send({ method }), first);
    }
  });

  test('R50 an answer is not replayed if the application refuses it', async (world) => {
    let allowed = true;
    const app = await world.app({ response: { authorizeReplay: () => allowed } });
    const first = await app.send();
    assertReplay(await app.send(), first);
    allowed = false;
    assertProblem(await app.send(), 403, 'replay-forbidden');
    assert.equal(world.executions, 1);
  });
}

const apiKey = { id: 'key_1', secret: 'sk_live_4f7d4e2a' };

/** R2, R50, for answers with a secret. */
function referenceTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('R2 R50 a route with response.reference stores the reference and never the body', async (world) => {
    let isUp = true;
    let allowed = true;
    const rebuild = (id: string) => {
      if (!isUp) throw new Error('the vault is down');
      return { id, secret: apiKey.secret };
    };
    const reference = ({ id }: { id: string }) => id;
    const headers: readonly Header[] = [
      ['Content-Type', 'application/json'],
      ['Location', '/api-keys/key_1'],
    ];
    const app = await world.app({
      response: { reference, rebuild, authorizeReplay: () => allowed },
      handler: () => ({ status: 201, headers, body: JSON.stringify(apiKey) }),
    });
    const first = await app.send();
    assert.deepEqual(first.json(), apiKey);
    const [record] = (await world.store.list({ state: 'completed', limit: 10 })).records;
    const stored = Buffer.from(record?.result?.bytes ?? []).toString('latin1');
    assert.match(stored, /"key_1"$/);
    assert.ok(!stored.includes(apiKey.secret));
    const second = await app.send();
    assertReplay(second, first);
    assert.equal(second.header('location'), '/api-keys/key_1');
    isUp = false;
    assertProblem(await app.send(), 503, 'rebuild-failed');
    allowed = false;
    assertProblem(await app.send(), 403, 'replay-forbidden');
    assert.equal(world.executions, 1);
  });
}

/** See the parts. */
export function responseTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  headerTests(test);
  bodyTests(test);
  boundaryTests(test);
  referenceTests(test);
}
