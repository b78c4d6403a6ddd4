/**
 * Streams, including broken and long ones.
 *
 * @module
 */

import assert from 'node:assert/strict';
import type { TransactionKind } from '../../core/store.ts';
import type { Header } from '../../http/exchange.ts';
import { open, receive, responseTo } from './client.ts';
import { firstKey, gate, type Test, until } from './world.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** Sends a request and returns the part of the answer that has arrived with the first bytes. */
async function firstBytes(origin: string) {
  const body = '{"amount":2000}';
  const request = open(origin, { key: firstKey, body });
  const head = responseTo(request);
  request.end(body);
  const response = await head;
  const chunk: Buffer = await new Promise((resolve) => response.once('data', resolve));
  response.pause();
  return { response, chunk: chunk.toString() };
}

/** R56 and R57, of answers in several pieces. */
function pieceTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('R56 a stream is sent without delay, and its replay is complete', async (world) => {
    const { passed, open: proceed } = gate();
    const headers: readonly Header[] = [['Content-Type', 'text/event-stream']];
    async function* events() {
      yield bytes('data: one\n\n');
      await passed;
      yield bytes('data: two\n\n');
    }
    const app = await world.app({ handler: () => ({ headers, body: events() }) });
    const { response, chunk } = await firstBytes(app.origin);
    assert.equal(chunk, 'data: one\n\n');
    proceed();
    const rest = await receive(response);
    assert.equal(rest.complete, true);
    const second = await app.send();
    assert.equal(second.body.toString(), 'data: one\n\ndata: two\n\n');
    assert.equal(second.header('content-type'), 'text/event-stream');
    assert.equal(second.header('idempotent-replayed'), 'true');
    assert.equal(world.executions, 1);
  });

  test('R56 a waiting duplicate gets the complete stream', async (world) => {
    const { passed, open: proceed } = gate();
    async function* slow() {
      yield bytes('one');
      await passed;
      yield bytes('two');
    }
    const app = await world.app({ whenRunning: { waitMs: 20_000 }, handler: () => ({ body: slow() }) });
    const { response } = await firstBytes(app.origin);
    const waiting = app.send();
    proceed();
    assert.equal((await waiting).body.toString(), 'onetwo');
    await receive(response);
  });

  test('R57 a broken stream is never replayed as complete', async (world) => {
    const { passed, open: proceed } = gate();
    async function* breaking() {
      yield bytes('one');
      await passed;
      throw new Error('the source broke');
    }
    const app = await world.app({ handler: () => ({ body: breaking() }) });
    const { response } = await firstBytes(app.origin);
    proceed();
    assert.equal((await receive(response)).complete, false);
    await until(() => world.count('completed').then((count) => count === 1));
    const retry = await app.send();
    assert.equal(codeOf(retry.json()), 'response-not-kept');
    assert.equal(world.executions, 1);
  });

  test('R45 R56 storing a stream does not wait for the client to read', async (world) => {
    async function* large() {
      for (let index = 0; index < 64; index += 1) yield new Uint8Array(16_384);
    }
    const app = await world.app({ response: { maxBytes: 2 ** 21 }, handler: () => ({ body: large() }) });
    const { response } = await firstBytes(app.origin);
    await until(() => world.count('completed').then((count) => count === 1));
    const second = await app.send();
    assert.equal(second.body.length, 2 ** 20);
    assert.equal((await receive(response)).complete, true);
  });
}

/** R54–R57. */
export function streamTests<Kind extends TransactionKind>(test: Test<Kind>, streams: boolean): void {
  if (streams) pieceTests(test);
  for (const [kind, body] of [
    ['at once', 'x'.repeat(2_000)],
    ['as a stream', undefined],
  ] as const) {
    test(`R54 an operation with an answer over the limit, given ${kind}, does not run again`, async (world) => {
      async function* pieces() {
        for (let index = 0; index < 20; index += 1) yield bytes('x'.repeat(100));
      }
      const app = await world.app({ response: { maxBytes: 1_000 }, handler: () => ({ body: body ?? pieces() }) });
      const first = await app.send();
      assert.equal(first.body.toString(), 'x'.repeat(2_000));
      assert.equal(first.complete, true);
      assert.equal(codeOf((await app.send()).json()), 'response-not-kept');
      assert.equal(world.executions, 1);
    });
  }
}

function codeOf(problem: unknown): unknown {
  return typeof problem === 'object' && problem !== null && 'code' in problem ? problem.code : problem;
}
