import { gunzipSync } from 'node:zlib';
import compression from 'compression';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { guardOptions, post, serve } from './apps/harness.ts';

describe('compression', () => {
  const text = 'charge '.repeat(1_000);
  const gzip = { headers: [['Accept-Encoding', 'gzip']] as const };
  const orders = {
    'before the guard': (guard: express.RequestHandler) => [compression(), guard],
    'after the guard': (guard: express.RequestHandler) => [guard, compression()],
  };
  for (const [name, order] of Object.entries(orders)) {
    for (const style of ['at once', 'in pieces']) {
      it(`${name}, answering ${style}, serves clients with and without compression`, async () => {
        const app = express();
        let runs = 0;
        app.post('/charges', ...order(expressGuard(guardOptions().options)), (_request, response) => {
          runs += 1;
          response.type('text/plain');
          if (style === 'in pieces') response.write(text.slice(0, 700));
          response.end(style === 'in pieces' ? text.slice(700) : text);
        });
        const origin = await serve(app);
        for (let times = 0; times < 2; times += 1) {
          const coded = await post(origin, gzip);
          expect(coded.header('content-encoding')).toBe('gzip');
          expect(gunzipSync(coded.body).toString()).toBe(text);
        }
        const plain = await post(origin);
        expect([plain.header('content-encoding'), plain.body.toString()]).toEqual([undefined, text]);
        expect(runs).toBe(1);
      });
    }
  }

  it('before the guard is not finished with the pieces of a stream when the handler has ended it', async () => {
    const { options, faults } = guardOptions();
    faults.next('complete', { kind: 'delay', delayMs: 50 });
    const app = express();
    app.post('/charges', compression(), expressGuard(options), (_request, response) => {
      response.type('text/plain').write(text);
      setImmediate(() => response.end());
    });
    const origin = await serve(app);
    expect(gunzipSync((await post(origin, gzip)).body).toString()).toBe(text);
  });
});
