/** A Response of the Fetch API as an answer of the application. */

import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Answering, FinalWrite } from '../../src/core/context.ts';
import type { TransactionKind } from '../../src/core/store.ts';
import type { PlainResponse } from '../../src/http/exchange.ts';
import type { HttpContext } from '../../src/http/layer.ts';
import type { Answer } from '../../src/http/options.ts';
import { GuardContext } from '../../src/http/response/guard-context.ts';
import { decodeResponse, encodeResponse } from '../../src/http/response/snapshot.ts';
import type { SqliteTransactions } from '../../src/stores/sqlite/index.ts';
import { layerRig } from './layer-rig.ts';

/** A context of a store with asynchronous transactions. */
function asynchronous() {
  const committed: FinalWrite[] = [];
  const finished: PlainResponse[] = [];
  const attempt = {
    contextFor: (answering: Answering<unknown, unknown>) => ({
      finish: async (fn: (handle: object) => unknown) => {
        const answer = await fn({});
        committed.push(await answering.encode(answer));
        return answering.finished(answer);
      },
    }),
  };
  const exchange = {
    attempt,
    encode: encodeResponse,
    route: { maxResponseBytes: 1000 },
    finished: (response: PlainResponse) => finished.push(response),
  };
  const context = new GuardContext(exchange as object as ConstructorParameters<typeof GuardContext>[0]);
  return { context, committed, finished };
}

const made = () => Response.json({ id: 'ch_1' }, { status: 201, headers: { Location: '/ch_1' } });

describe('a Response', () => {
  it.each([
    ['returned', made],
    ['promised', async () => made()],
  ])('%s by the function of finish is committed completely, if transactions are asynchronous', async (_, fn) => {
    const { context, committed, finished } = asynchronous();
    await context.finish(fn);
    const { status, headers, body } = decodeResponse(committed[0]?.result.bytes ?? new Uint8Array());
    expect([status, Buffer.from(body).toString()]).toEqual([201, '{"id":"ch_1"}']);
    expect(headers).toEqual([
      ['content-type', 'application/json'],
      ['location', '/ch_1'],
    ]);
    expect(finished[0]?.status).toBe(201);
  });

  it('whose body was already read commits nothing', async () => {
    const { context, committed } = asynchronous();
    const used = made();
    await used.text();
    await expect(context.finish(() => used)).rejects.toThrow(/already read/);
    expect(committed).toEqual([]);
  });

  it('is no answer of a store with synchronous transactions, by its type', () => {
    type Answers<Kind extends TransactionKind> = ReturnType<Parameters<HttpContext<Kind, Response>['finish']>[0]>;
    expectTypeOf<Answers<SqliteTransactions>>().toEqualTypeOf<Answer>();
    expectTypeOf<Answers<{ readonly handle: object; readonly mode: 'async' }>>().toEqualTypeOf<
      Answer | Response | Promise<Answer | Response>
    >();
  });

  it.each([
    ['given', () => new Response('ask support', { status: 403 })],
    ['promised', async () => new Response('ask support', { status: 403 })],
  ])('%s by authorizeReplay replaces the stored answer', async (_, authorizeReplay) => {
    const { send } = layerRig({ response: { authorizeReplay } });
    await send({ key: 'k' });
    expect(await send({ key: 'k' })).toMatchObject({ status: 403, text: 'ask support' });
  });

  it('given by recover is stored, and is the answer of every retry', async () => {
    const { send, runtime, runs } = layerRig({
      timing: { leaseMs: 1_000, maxRunMs: 2_000 },
      recover: () => ({ decision: 'respond', response: made() }),
    });
    void send({ key: 'k' }, () => new Promise(() => {}));
    await runtime.advance(10_000);
    for (let times = 0; times < 2; times += 1) {
      expect(await send({ key: 'k' })).toMatchObject({ status: 201, text: '{"id":"ch_1"}' });
    }
    expect(runs()).toBe(1);
  });

  it('given by onProblem is refused by name, and the problem is sent unchanged', async () => {
    const { send, events } = layerRig({ onProblem: (() => made()) as never });
    await send({ key: 'k', body: '1' });
    expect(await send({ key: 'k', body: '2' })).toMatchObject({ status: 422, code: 'key-reused' });
    expect(events).toContainEqual(
      expect.objectContaining({ operation: 'onProblem', error: expect.objectContaining({ code: 'value-invalid' }) }),
    );
  });
});
