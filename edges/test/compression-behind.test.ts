import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { idempotency } from 'latchkey/express';
import { memoryStore } from 'latchkey/memory';
import { describe, expect, it } from 'vitest';
import { type Reply, serve } from './kit/serve.ts';

const require = createRequire(import.meta.url);
const frameworks: Record<string, typeof express> = { 'Express 5': express, 'Express 4': require('express4') };
const compressions: Record<string, (options: { threshold: number }) => RequestHandler> = {
  'compression 1.7.4': require('compression174'),
  'compression 1.8.2': require('compression'),
};

const charged = { charged: true };
const late = () => new Error('the audit log failed');

/** They fail after their answer was sent, or try to send another. */
const handlers: Record<string, RequestHandler> = {
  'fails when its answer is out': (_request, response, next) => {
    response.status(201).json(charged);
    response.once('finish', () => next(late()));
  },
  'answers twice': (_request, response) => {
    response.status(201).json(charged);
    expect(() => response.status(400).json({ error: 'invalid' })).toThrow(
      expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' }),
    );
  },
};

/** As in Express's documentation. */
const onError: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent) next(error);
  else response.status(500).json({ error: 'failed' });
};

function application(framework: typeof express, compression: RequestHandler, handler: RequestHandler) {
  const app = framework();
  app.set('env', 'test');
  const guard = idempotency({ store: memoryStore(), principal: () => 'tenant', timing: { leaseMs: 400 }, log: false });
  app.post('/orders', guard, compression, express.json(), handler);
  app.use(onError);
  return serve(app as RequestListener);
}

const outcome = ({ status, text }: Reply) => [status, JSON.parse(text)];

describe.each(Object.entries(compressions))('%s after the guard', (_compression, compression) => {
  describe.each(Object.entries(frameworks))('%s', (_framework, framework) => {
    it.each(Object.entries(handlers))(
      'sends and replays the first answer of a handler that %s',
      async (_what, handler) => {
        await using server = await application(framework, compression({ threshold: 0 }), handler);
        const key = randomUUID();
        for (const replayed of [null, 'true']) {
          const answer = await server.post('/orders', key, '{}', { 'accept-encoding': 'gzip' });
          expect(outcome(answer)).toEqual([201, charged]);
          expect(answer.headers.get('content-encoding')).toBe('gzip');
          expect(answer.headers.get('idempotent-replayed')).toBe(replayed);
        }
      },
    );

    // Express then closes the connection at once, without a guard too, while the bytes are still being compressed.
    it('R86 holds the key for at most one lease when the handler fails before its answer is sent', async () => {
      let runs = 0;
      const fails: RequestHandler = (_request, response, next) => {
        runs += 1;
        response.status(201).json(charged);
        next(late());
      };
      await using server = await application(framework, compression({ threshold: 0 }), fails);
      const key = randomUUID();
      const post = () => server.post('/orders', key, '{}', { 'accept-encoding': 'gzip' });
      await expect(post()).rejects.toThrow('fetch failed');
      let retry = await post();
      while (retry.status === 409) retry = await post();
      if (retry.status === 201) expect(outcome(retry)).toEqual([201, charged]);
      else expect(outcome(retry)).toEqual([410, expect.objectContaining({ code: 'response-not-kept' })]);
      expect(runs).toBe(1);
    });
  });
});
