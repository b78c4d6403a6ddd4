/** Answers given while the handler still runs, for example by a timeout. */

import { setTimeout as pause } from 'node:timers/promises';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { idempotency, type NodeHandler } from '../../src/adapters/node.ts';
import { until } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions, post, serve } from './apps/harness.ts';

/** A handler that runs until the test ends it, while a timeout answers. */
function slowHandler(status: number) {
  const { promise: rest, resolve: letGo } = Promise.withResolvers<void>();
  const seen = { runs: 0, atOnce: 0, most: 0 };
  const handler: NodeHandler = async (_request, response) => {
    seen.runs += 1;
    seen.atOnce += 1;
    seen.most = Math.max(seen.most, seen.atOnce);
    if (seen.runs === 1) {
      setTimeout(() => response.writeHead(status).end('timeout'), 10);
      await rest;
    } else {
      response.end('done');
    }
    seen.atOnce -= 1;
  };
  return { handler, letGo, seen };
}

describe('an answer of a timeout while the handler runs', () => {
  it.each([408, 504])('%i under rerun: the retry runs after the handler has ended', async (status) => {
    const { options } = guardOptions();
    const { handler, letGo, seen } = slowHandler(status);
    const origin = await serve(
      idempotency({ ...options, afterFailure: 'rerun', timing: { leaseMs: 300 } }).wrap(handler),
    );
    expect((await post(origin)).status).toBe(status);
    await pause(400);
    expect((await post(origin)).json()).toMatchObject({ code: 'in-progress' });
    letGo();
    await until(async () => (await post(origin)).body.toString() === 'done');
    expect(seen).toEqual({ runs: 2, atOnce: 0, most: 1 });
  });

  it('408 under refuse: is kept, and another payload is refused, on node', async () => {
    const { options } = guardOptions();
    const { handler, letGo, seen } = slowHandler(408);
    const origin = await serve(idempotency(options).wrap(handler));
    for (let tries = 0; tries < 3; tries += 1) expect((await post(origin)).status).toBe(408);
    expect((await post(origin, { body: '{"amount":1}' })).status).toBe(422);
    letGo();
    await until(() => seen.atOnce === 0);
    expect((await post(origin)).status).toBe(408);
    expect(seen.runs).toBe(1);
  });

  it('408 under refuse: is kept, and another payload is refused, on Express', async () => {
    const { options } = guardOptions();
    let charges = 0;
    const app = express();
    app.post('/charges', expressGuard(options), express.json(), async (_request, response) => {
      response.setTimeout(20, () => response.status(408).json({ error: 'timeout' }));
      await pause(60);
      charges += 1;
      if (!response.writableEnded) response.json({});
    });
    const origin = await serve(app);
    for (let tries = 0; tries < 3; tries += 1) expect((await post(origin)).status).toBe(408);
    expect((await post(origin, { body: '{"amount":1}' })).status).toBe(422);
    await pause(100);
    expect((await post(origin)).status).toBe(408);
    expect(charges).toBe(1);
  });
});
