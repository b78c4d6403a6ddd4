/**
 * The visible state and the functions of a response while its answer is held, and the functions called when it is sent.
 */

import type { ServerResponse } from 'node:http';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { idempotency, type NodeHandler } from '../../src/adapters/node.ts';
import { until } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions, post, serve } from './apps/harness.ts';

/** Overrides functions of a response to record their calls. */
function noteCalls(response: ServerResponse, calls: string[]): void {
  for (const name of ['writeHead', 'setHeader', 'end', 'write'] as const) {
    const before = response[name] as (...args: unknown[]) => unknown;
    Object.assign(response, {
      [name](this: ServerResponse, ...args: unknown[]) {
        calls.push(name);
        return before.apply(this, args);
      },
    });
  }
}

const wholeAnswers: Record<string, NodeHandler> = {
  'setHeader and end': (_request, response) => {
    response.setHeader('X-A', 'a');
    response.end('whole');
  },
  'writeHead and end': (_request, response) => void response.writeHead(200, { 'X-A': 'a' }).end('whole'),
  'end with bytes and a callback': (_request, response) => {
    response.setHeader('X-A', 'a');
    response.end(Buffer.from('whole'), () => undefined);
  },
};

describe('an answer sent by one end()', () => {
  it.each(Object.entries(wholeAnswers))(
    'goes out through the functions of earlier middleware: %s',
    async (_name, handler) => {
      const calls: string[] = [];
      const guarded = idempotency(guardOptions().options).wrap(handler);
      const origin = await serve((request, response) => {
        noteCalls(response, calls);
        void guarded(request, response);
      });
      for (const replayed of [undefined, 'true']) {
        calls.length = 0;
        const answer = await post(origin);
        expect([answer.status, answer.body.toString(), answer.header('x-a')]).toEqual([200, 'whole', 'a']);
        expect(answer.header('idempotent-replayed')).toBe(replayed);
        expect(calls.filter((name) => name === 'end')).toEqual(['end']);
        expect(calls).toContain('setHeader');
        expect(calls).not.toContain('write');
      }
    },
  );

  it('looks sent while it is stored, and accepts no more headers', async () => {
    const { faults, options } = guardOptions();
    faults.next('complete', { kind: 'delay', delayMs: 50 });
    const looks: unknown[] = [];
    const guarded = idempotency(options).wrap((_request, response) => {
      response.end('whole');
      looks.push(response.headersSent, response.writableEnded, Reflect.get(response, 'finished'));
      const sent = expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' });
      expect(() => response.setHeader('X-Late', 'yes')).toThrow(sent);
      expect(() => response.appendHeader('X-Late', 'yes')).toThrow(sent);
      expect(() => response.removeHeader('X-Late')).toThrow(sent);
      expect(() => response.writeHead(500)).toThrow(sent);
      response.flushHeaders();
    });
    const answer = await post(await serve(guarded));
    expect(looks).toEqual([true, true, true]);
    expect([answer.status, answer.body.toString(), answer.header('x-late')]).toEqual([200, 'whole', undefined]);
  });

  it('is dropped when the record is lost, and later header calls have no effect', async () => {
    const { faults, options } = guardOptions();
    faults.plan((method) => (method === 'complete' ? { kind: 'fail' } : undefined));
    let isDone = false;
    const app = express();
    const guard = expressGuard({ ...options, afterFailure: 'rerun', timing: { leaseMs: 300 } });
    app.post('/charges', guard, (_request, response) => {
      response.on('finish', () => {
        response.setHeader('X-Late', 'yes');
        response.removeHeader('X-Late');
        isDone = true;
      });
      response.status(201).send('whole');
    });
    const answer = await post(await serve(app));
    expect([answer.status, answer.header('x-late')]).toEqual([503, undefined]);
    await until(() => isDone);
  });
});
