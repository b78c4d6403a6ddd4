import express from 'express';
import { describe, expect, it } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { idempotency } from '../../src/adapters/node.ts';
import { open, receive, responseTo } from '../../src/testing/adapter-suite/client.ts';
import { firstKey, gate, pause, until } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions, post, serve } from './apps/harness.ts';

describe('an answer that the handler aborts', () => {
  it('is not replayed as complete after destroy()', async () => {
    const { passed, open: proceed } = gate();
    const guard = idempotency(guardOptions().options);
    const origin = await serve(
      guard.wrap(async (_request, response) => {
        response.write('one');
        await passed;
        response.destroy();
      }),
    );
    const request = open(origin, { key: firstKey, body: '{"amount":2000}' });
    request.end('{"amount":2000}');
    const response = await responseTo(request);
    proceed();
    expect((await receive(response)).complete).toBe(false);
    expect((await post(origin)).json()).toMatchObject({ code: 'response-not-kept' });
  });

  it('is not replayed as complete if it ends before its Content-Length', async () => {
    const guard = idempotency(guardOptions().options);
    const origin = await serve(
      guard.wrap((_request, response) => {
        response.writeHead(200, { 'Content-Length': 100, Connection: 'close' });
        response.write('one');
        response.end('two');
      }),
    );
    expect((await post(origin)).complete).toBe(false);
    expect((await post(origin)).json()).toMatchObject({ code: 'response-not-kept' });
  });

  it("is not replayed as complete after Express's own error handler has cut it", async () => {
    const { options } = guardOptions();
    const app = express();
    app.set('env', 'test');
    app.post('/charges', expressGuard(options), async (_request, response) => {
      response.write('one');
      await pause(20);
      throw new Error('broken');
    });
    const origin = await serve(app);
    const request = open(origin, { key: firstKey, body: '{"amount":2000}' });
    request.end('{"amount":2000}');
    expect((await receive(await responseTo(request))).complete).toBe(false);
    await until(async () => (await post(origin)).status !== 409);
    expect((await post(origin)).json()).toMatchObject({ code: 'response-not-kept' });
  });
});
