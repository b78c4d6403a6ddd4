import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import compression from 'compression';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import express4 from 'express4';
import { describe, expect, it } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { idempotency } from '../../src/adapters/node.ts';
import type { Received } from '../../src/testing/adapter-suite/client.ts';
import { gate } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions, post, serve } from './apps/harness.ts';

const charged = '{"charged":true}';
const late = () => new Error('the audit log failed');

/** Handlers that fail after they have answered. */
const handlers: Record<string, RequestHandler> = {
  'answers twice': (_request, response) => {
    response.status(201).json({ charged: true });
    expect(() => response.status(400).json({ error: 'invalid' })).toThrow(
      expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' }),
    );
  },
  'answers, then passes on an error': (_request, response, next) => {
    response.status(201).json({ charged: true });
    next(late());
  },
  'answers in pieces, then passes on an error': (_request, response, next) => {
    response.status(201).type('json').write('{"charged"');
    response.end(':true}');
    next(late());
  },
};

/** As in Express's documentation. */
const onError: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent) next(error);
  else response.status(500).json({ error: 'failed' });
};

const gzip = { headers: [['Accept-Encoding', 'gzip']] } as const;

function textOf({ body, header }: Received): string {
  return (header('content-encoding') === 'gzip' ? gunzipSync(body) : body).toString();
}

describe('a handler that fails after it has answered', () => {
  for (const [version, framework] of Object.entries({ 'Express 5': express, 'Express 4': express4 })) {
    for (const [name, handler] of Object.entries(handlers)) {
      for (const place of ['without compression', 'behind compression']) {
        it(`${version}, ${place}: ${name}, and the first answer is sent and replayed`, async () => {
          const app = framework();
          app.set('env', 'test');
          if (place === 'behind compression') app.use(compression({ threshold: 0 }));
          app.post('/charges', expressGuard(guardOptions().options), handler);
          app.use(onError);
          const origin = await serve(app as RequestListener);
          for (const replayed of [undefined, 'true']) {
            const answer = await post(origin, gzip);
            expect([answer.status, textOf(answer), answer.complete]).toEqual([201, charged, true]);
            expect(answer.header('idempotent-replayed')).toBe(replayed);
          }
        });
      }
    }

    it(`${version}: sends and replays the first of two answers through compression after the guard`, async () => {
      const app = framework();
      const answersTwice = handlers['answers twice'] as RequestHandler;
      app.post('/charges', expressGuard(guardOptions().options), compression({ threshold: 0 }), answersTwice);
      const origin = await serve(app as RequestListener);
      for (let times = 0; times < 2; times += 1) {
        const answer = await post(origin, gzip);
        expect([answer.status, textOf(answer), answer.complete]).toEqual([201, charged, true]);
      }
    });
  }
});

describe('a guarded response has the same visible state as an unguarded one', () => {
  const looks = ['headersSent', 'writableEnded', 'finished', 'destroyed'] as const;
  const stages: Record<string, (response: ServerResponse) => unknown> = {
    'after setHeader': (response) => response.setHeader('X-A', 'a'),
    'after writeHead': (response) => response.writeHead(201),
    'after a write': (response) => response.write('one'),
    'after end': (response) => response.end('one'),
    'after flushHeaders': (response) => response.flushHeaders(),
    'when it has been sent': (response) => {
      response.end('one');
      return once(response, 'finish');
    },
  };
  for (const [name, reach] of Object.entries(stages)) {
    it(name, async () => {
      const seen: unknown[] = [];
      const handler: RequestListener = (_request, response) => {
        const look = () => {
          seen.push(looks.map((property) => response[property]));
          if (!response.writableEnded) response.end();
        };
        const reached = reach(response);
        if (reached instanceof Promise) void reached.then(look);
        else look();
      };
      await post(await serve(handler));
      const guarded = idempotency(guardOptions().options).wrap(handler);
      await post(await serve(guarded));
      expect(seen).toHaveLength(2);
      expect(seen[1]).toEqual(seen[0]);
    });
  }

  it('also when requests are pipelined, and no answer is lost', async () => {
    const guard = idempotency(guardOptions().options);
    const origin = await serve(guard.wrap((request, response) => void response.end(`answer to ${request.url}`)));
    const { hostname, port } = new URL(origin);
    const socket = connect(Number(port), hostname);
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    const requests = ['/a', '/b', '/c'].map((path, index) => {
      const close = index === 2 ? 'Connection: close\r\n' : '';
      return `POST ${path} HTTP/1.1\r\nHost: x\r\nIdempotency-Key: key-${path}\r\n${close}Content-Length: 0\r\n\r\n`;
    });
    socket.write(requests.join(''));
    await once(socket, 'close');
    expect(received.match(/answer to \/[abc]/g)).toEqual(['answer to /a', 'answer to /b', 'answer to /c']);
  });
});

describe('a write after the end', () => {
  const late: Record<string, (response: ServerResponse, called: (error?: Error | null) => void) => void> = {
    'a write': (response, called) => void response.write('two', called),
    'a write with an encoding': (response, called) => void response.write('two', 'latin1', called),
    'an end with more': (response, called) => void response.end('two', called),
  };
  for (const [name, write] of Object.entries(late)) {
    it(`fails as without a guard: ${name}`, async () => {
      const seen: unknown[][] = [];
      const handler: RequestListener = (_request, response) => {
        const events: unknown[] = [];
        seen.push(events);
        response.on('error', (error) => events.push(['emitted', error]));
        response.end('one');
        write(response, (error) => events.push(['called', error ?? undefined]));
      };
      const guarded = idempotency(guardOptions().options).wrap(handler);
      for (const listener of [handler, guarded]) {
        const origin = await serve(listener);
        expect((await post(origin)).body.toString()).toBe('one');
      }
      expect(seen).toHaveLength(2);
      expect(seen[0]).not.toEqual([]);
      expect(seen[1]).toEqual(seen[0]);
    });
  }

  it('calls back an end without data, which Node reports as an error only once the response was sent', async () => {
    const called = Promise.withResolvers<void>();
    const { options } = guardOptions();
    const guarded = idempotency(options).wrap((_request, response) => {
      response.end('one');
      response.end(() => called.resolve());
    });
    expect((await post(await serve(guarded))).body.toString()).toBe('one');
    await called.promise;
  });

  it('ends a process without an error listener only when the answer is stored', async () => {
    const { options } = guardOptions();
    let completed: number | undefined;
    const { passed, open } = gate();
    const guarded = idempotency(options).wrap((_request, response) => {
      const { emit } = response;
      response.emit = (name: string, ...rest: unknown[]) => {
        if (name !== 'error') return Reflect.apply(emit, response, [name, ...rest]);
        void options.store.list({ state: 'completed', limit: 1 }).then(({ records }) => {
          completed = records.length;
          open();
        });
        return true;
      };
      response.end('one');
      response.write('two');
      response.write('three');
    });
    expect((await post(await serve(guarded))).body.toString()).toBe('one');
    await passed;
    expect(completed).toBe(1);
  });
});
