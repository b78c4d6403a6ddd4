import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, RouteHandlerMethod } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { sqliteStore } from '../../src/stores/sqlite/index.ts';
import { until } from '../../src/testing/adapter-suite/world.ts';
import { faultyStore } from '../../src/testing/index.ts';
import { envelope, replayed, start } from './apps/fastify-sides.ts';
import { post } from './apps/harness.ts';

describe('an answer that waits for its store in fastify', () => {
  /** An application whose completion waits. */
  async function holding(handler: (reply: FastifyReply) => unknown) {
    const { store, faults } = faultyStore(memoryStore());
    faults.plan((method) => (method === 'complete' ? { kind: 'delay', delayMs: 60 } : undefined));
    const replies: FastifyReply[] = [];
    const started = await start({
      options: { store },
      handler: (_request, reply) => {
        replies.push(reply);
        return handler(reply);
      },
    });
    const answer = post(started.origin);
    await until(() => faults.calls.get('complete') === 1);
    return { ...started, reply: replies[0] as FastifyReply, answer };
  }

  it('looks sent', async () => {
    const { reply, answer } = await holding((reply) => void reply.code(201).send('x'));
    expect([reply.sent, reply.raw.headersSent, reply.raw.writableEnded]).toEqual([true, true, true]);
    expect((await answer).status).toBe(201);
  });

  it('is not changed by what is set, sent, thrown, written or destroyed after it', async () => {
    const late: Record<string, (reply: FastifyReply) => unknown> = {
      'a header': (reply) => reply.header('x-late', '1').code(400),
      'a second answer': (reply) => reply.code(400).send('late'),
      'a raw head': (reply) => expect(() => reply.raw.writeHead(500)).toThrow(/after they are sent/),
      'a raw write': (reply) => reply.raw.on('error', () => {}).write('late'),
      'a raw end': (reply) => reply.raw.on('error', () => {}).end('late'),
      'a destroyed response': (reply) => reply.raw.destroy(),
      'a destroyed socket': (reply) => reply.raw.socket?.destroy(),
    };
    for (const [name, change] of Object.entries(late)) {
      const { reply, answer, origin } = await holding((reply) => void reply.code(201).send('x'));
      change(reply);
      const { status, body, header } = await answer;
      expect([name, status, body.toString(), header('x-late')]).toEqual([name, 201, 'x', undefined]);
      expect((await post(origin)).body.toString()).toBe('x');
    }
  });

  it('is not changed by a throw of the handler that gave it', async () => {
    const { answer } = await holding((reply) => {
      reply.code(201).send('x');
      throw new Error('late');
    });
    expect((await answer).status).toBe(201);
  });
});

describe('answers that do not reach onSend complete in fastify', () => {
  const file: RouteHandlerMethod = (_request, reply) => reply.send(Readable.from(['one', 'two']));
  const ways: Record<string, RouteHandlerMethod> = {
    'a stream': file,
    'a raw end': (_request, reply) => void reply.raw.end('onetwo'),
    'a raw head that is flushed': (_request, reply) => {
      reply.raw.setHeader('content-length', '6');
      reply.raw.flushHeaders();
      setTimeout(() => reply.raw.end('onetwo'), 5);
    },
    'raw writes': (_request, reply) => {
      reply.hijack();
      reply.raw.write('one');
      setTimeout(() => reply.raw.end('two'), 5);
    },
    'a stream that is piped into the raw response': (_request, reply) => {
      reply.hijack();
      Readable.from(['one', 'two']).pipe(reply.raw);
    },
  };
  for (const [name, handler] of Object.entries(ways)) {
    it(`are stored before they end: ${name}`, async () => {
      const { store, faults } = faultyStore(memoryStore());
      const { origin, runs } = await start({ options: { store }, handler });
      let stored = false;
      faults.plan((method) => {
        if (method === 'complete') stored = true;
        return undefined;
      });
      const first = await post(origin);
      const again = await post(origin);
      expect([stored, first.body.toString(), again.body.toString(), replayed(again), runs()]).toEqual([
        true,
        'onetwo',
        'onetwo',
        'true',
        1,
      ]);
    });
  }

  it('are broken when the handler destroys the raw response', async () => {
    const { origin, runs } = await start({ handler: (_request, reply) => void reply.raw.destroy() });
    await expect(post(origin)).rejects.toThrow();
    expect((await post(origin)).json()).toMatchObject({ code: 'response-not-kept' });
    expect(runs()).toBe(1);
  });

  it('are errors if a serializer fails or a header is malformed, and are stored as such', async () => {
    const ways: RouteHandlerMethod[] = [
      (_request, reply) => {
        reply.serializer(() => {
          throw new Error('no serializer');
        });
        return reply.send({});
      },
      (_request, reply) => reply.header('x-name', 'łódź').send('x'),
      (_request, reply) => reply.serializer(() => 42 as never).send({}),
    ];
    for (const handler of ways) {
      const { origin, runs } = await start({ handler });
      const first = await post(origin);
      const again = await post(origin);
      expect([first.status, again.status, replayed(again), runs()]).toEqual([500, 500, 'true', 1]);
      expect(again.body.toString()).toBe(first.body.toString());
    }
  });

  it('are empty answers and redirects too', async () => {
    const ways: [number, RouteHandlerMethod][] = [
      [204, (_request, reply) => reply.code(204).send()],
      [204, (_request, reply) => reply.code(204).send('dropped')],
      [200, (_request, reply) => reply.send()],
      [200, (_request, reply) => reply.send('')],
      [304, (_request, reply) => reply.code(304).send()],
      [303, (_request, reply) => reply.redirect('/charges/1', 303)],
      [200, (_request, reply) => reply.header('content-length', 1).send('x')],
    ];
    for (const [status, handler] of ways) {
      const { origin, runs } = await start({ handler });
      const [first, again] = [await post(origin), await post(origin)];
      for (const name of ['content-type', 'content-length', 'location'])
        expect(again.header(name)).toBe(first.header(name));
      expect([first.status, again.status, again.body.toString(), replayed(again), runs()]).toEqual([
        status,
        status,
        first.body.toString(),
        'true',
        1,
      ]);
    }
  });

  it('are sent by finish through the hooks after the guard, like their replay', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const outer = envelope('outer');
    const { origin, runs } = await start({
      behind: outer.setup,
      options: { store: sqliteStore({ database: join(folder, 'records.db') }) },
      handler: async (request, reply) => {
        reply.header('x-dropped', 'yes');
        const context = request.idempotency as unknown as {
          finish(fn: () => unknown): Promise<FastifyReply>;
        };
        return context.finish(() => ({ status: 202, body: { charge: 'ch_1' } }));
      },
    });
    for (const time of [1, 2]) {
      const answer = await post(origin);
      expect([answer.status, answer.json(), answer.header('x-dropped')]).toEqual([
        202,
        { outer: time, data: { charge: 'ch_1' } },
        undefined,
      ]);
    }
    expect(runs()).toBe(1);
  });
});

describe('an answer of finish whose hooks after the guard take time', () => {
  type Finish = (fn: () => unknown) => Promise<FastifyReply>;
  const committed = () => ({ status: 202, body: { charge: 'ch_1' } });
  /** What a handler does after it has called finish. */
  const rest: Record<string, (finish: Finish) => unknown> = {
    'returns its reply': (finish) => finish(committed),
    'returns another value': async (finish) => {
      await finish(committed);
      return { late: true };
    },
  };

  for (const [name, after] of Object.entries(rest))
    it(`is sent once if the handler ${name}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'latchkey-'));
      onTestFinished(() => rm(folder, { recursive: true }));
      const inner: string[] = [];
      const slow = (app: FastifyInstance) =>
        app.addHook('onSend', async (_request, _reply, payload) => {
          inner.push('begins');
          await new Promise((resolve) => setTimeout(resolve, 60));
          inner.push('ends');
          return payload;
        });
      const { origin, runs } = await start({
        behind: slow,
        options: { store: sqliteStore({ database: join(folder, 'records.db') }) },
        handler: (request, reply) => {
          const context = request.idempotency as unknown as { finish: Finish };
          const finish: Finish = async (fn) => {
            const finished = await context.finish(fn);
            inner.push(reply.raw.writableEnded ? 'settles after the end' : 'settles before the end');
            return finished;
          };
          return after(finish);
        },
      });
      const first = await post(origin);
      expect([first.status, first.json()]).toEqual([202, { charge: 'ch_1' }]);
      await until(() => inner.length === 3);
      expect(inner).toEqual(['begins', 'ends', 'settles after the end']);
      const again = await post(origin);
      expect([again.status, again.json(), replayed(again), runs()]).toEqual([202, { charge: 'ch_1' }, 'true', 1]);
    });
});

it('does not touch the raw responses of unguarded requests', async () => {
  const own: boolean[] = [];
  const handler: RouteHandlerMethod = (_request, reply) => {
    own.push(['write', 'end', 'writeHead'].some((name) => Object.hasOwn(reply.raw, name)));
    return reply.send('x');
  };
  const { origin } = await start({ handler, behind: (app) => app.get('/charges', handler) });
  await fetch(`${origin}/charges`);
  await post(origin, { key: undefined });
  expect(own).toEqual([false, false]);
});
