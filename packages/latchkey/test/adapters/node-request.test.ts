import { Agent, IncomingMessage } from 'node:http';
import { connect, Socket } from 'node:net';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { idempotency } from '../../src/adapters/node.ts';
import { readNodeBody } from '../../src/adapters/node-http/request-body.ts';
import { open, receive, responseTo, sendRaw } from '../../src/testing/adapter-suite/client.ts';
import { firstKey, pause, until } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions, post, serve } from './apps/harness.ts';

const head = `POST /charges HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIdempotency-Key: "${firstKey}"\r\n`;

/** The ways in which handlers read a body. */
const readers: Record<string, (request: IncomingMessage) => Promise<string>> = {
  'for await': async (request) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    return text;
  },
  'data and end': (request) =>
    new Promise((resolve) => {
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => resolve(text));
    }),
  'data and end, later': async (request) => {
    await pause(20);
    return readers['data and end']?.(request) ?? '';
  },
  'readable and read': (request) =>
    new Promise((resolve) => {
      let text = '';
      request.on('readable', () => {
        for (let chunk = request.read(); chunk !== null; chunk = request.read()) text += chunk;
      });
      request.on('end', () => resolve(text));
    }),
  'later than now': async (request) => {
    await pause(20);
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    return text;
  },
};

describe('the body of a node request', () => {
  for (const [name, read] of Object.entries(readers)) {
    it(`can be read by the handler, by ${name}`, async () => {
      const guard = idempotency(guardOptions().options);
      const origin = await serve(guard.wrap(async (request, response) => void response.end(await read(request))));
      for (const [index, body] of ['', 'small', 'x'.repeat(300_000)].entries()) {
        expect((await post(origin, { body, path: `/${index}` })).body.toString()).toBe(body);
      }
    });

    it(`can be read in chunks, by ${name}`, async () => {
      const guard = idempotency(guardOptions().options);
      const origin = await serve(guard.wrap(async (request, response) => void response.end(await read(request))));
      const request = open(origin, { key: firstKey });
      const answer = responseTo(request);
      for (const piece of ['one ', 'two ', 'three']) {
        request.write(piece);
        await pause(10);
      }
      request.end();
      expect((await receive(await answer)).body.toString()).toBe('one two three');
    });

    it(`can be empty and chunked, read by ${name}`, async () => {
      const guard = idempotency(guardOptions().options);
      const origin = await serve(guard.wrap(async (request, response) => void response.end(await read(request))));
      expect(await sendRaw(origin, `${head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)).toBe(200);
    });
  }

  it('is requested with 100 Continue', async () => {
    const guard = idempotency(guardOptions().options);
    const origin = await serve(guard.wrap((_request, response) => response.end('done')));
    const request = open(origin, {
      key: firstKey,
      headers: [
        ['Expect', '100-continue'],
        ['Content-Length', '5'],
      ],
    });
    const answer = responseTo(request);
    request.on('continue', () => request.end('hello'));
    request.flushHeaders();
    expect((await receive(await answer)).body.toString()).toBe('done');
  });

  it('is not awaited when the client disconnects in its middle, and the handler does not run', async () => {
    let runs = 0;
    let views = 0;
    const guard = idempotency(guardOptions().options);
    const wrapped = guard.wrap((_request, response) => {
      runs += 1;
      response.end();
    });
    const origin = await serve((request, response) => {
      views += 1;
      void wrapped(request, response).then(() => {
        views += 10;
      });
    });
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    socket.write(`${head}Content-Length: 100\r\n\r\nhalf`);
    await until(() => views === 1);
    socket.destroy();
    await until(() => views === 11);
    expect(runs).toBe(0);
  });

  it('leaves the connection open for the next request, read or not', async () => {
    const guard = idempotency(guardOptions().options);
    let connections = 0;
    const origin = await serve(
      guard.wrap((_request, response) => response.end('x')),
      () => {
        connections += 1;
      },
    );
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let index = 0; index < 30; index += 1) {
      const body = index % 3 === 0 ? '' : 'unread'.repeat(index % 3 === 1 ? 10 : 20_000);
      const request = open(origin, { key: `key-${index % 6}`, body, path: `/${index % 3}` }, agent);
      const answer = responseTo(request);
      request.end(body);
      expect((await receive(await answer)).body.toString()).toBe('x');
    }
    agent.destroy();
    expect(connections).toBe(1);
  });
});

describe('a request in one packet', () => {
  it('can be answered before the parser has finished, and the connection stays open', async () => {
    const guard = idempotency(guardOptions().options);
    const origin = await serve(guard.wrap((_request, response) => response.end('x')));
    const socket = connect(Number(new URL(origin).port), '127.0.0.1').setEncoding('latin1');
    const request = `${head.replace('close', 'keep-alive')}Content-Length: 5\r\n\r\nhello`;
    for (let times = 0; times < 3; times += 1) {
      socket.write(request);
      const answer = await new Promise<string>((resolve) => socket.once('data', resolve));
      expect(answer).toMatch(/\r\nConnection: keep-alive\r\n/i);
    }
    socket.destroy();
  });
});

describe('a request that is too long', () => {
  it('is refused so that clients which write before they read get the answer', async () => {
    const { options } = guardOptions();
    const guard = idempotency({ ...options, request: { maxBytes: 100 } });
    const origin = await serve(guard.wrap((_request, response) => response.end('x')));
    const length = 8 * 1024 * 1024;
    const socket = connect(Number(new URL(origin).port), '127.0.0.1')
      .setEncoding('latin1')
      .pause();
    socket.write(`${head}Content-Length: ${length}\r\n\r\n`);
    await pause(20);
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).write(Buffer.alloc(length), () => resolve());
    });
    let text = '';
    for await (const chunk of socket) text += chunk;
    expect(text).toMatch(/^HTTP\/1\.1 413 .*\r\nConnection: close\r\n.*"request-too-large"/is);
  });
});

describe('a guard in the wrong place', () => {
  it('reports that the body was consumed before it', async () => {
    const guard = expressGuard(guardOptions().options);
    const app = express();
    app.use((request, _response, next) => void request.on('data', () => undefined).on('end', () => next()));
    app.post('/charges', guard, (_request, response) => void response.end());
    const answer = await post(await serve(app));
    expect(answer.status).toBe(500);
    expect(answer.json()).toMatchObject({ code: 'body-consumed' });
  });

  for (const [name, count] of [
    ['the same guard', 1],
    ['another guard', 2],
  ] as const) {
    it(`reports that ${name} was mounted before`, async () => {
      const app = express();
      const guards = Array.from({ length: count }, () => expressGuard(guardOptions().options));
      const errors: unknown[] = [];
      app.post('/charges', ...guards, ...guards.slice(0, 1), (_request, response) => void response.end());
      app.use(((error, _request, response, _next) => {
        errors.push(error.code);
        response.status(500).end();
      }) satisfies express.ErrorRequestHandler);
      expect((await post(await serve(app))).status).toBe(500);
      expect(errors).toEqual(['guard-mounted-twice']);
    });
  }

  it('has no context on an unguarded route', async () => {
    const guard = expressGuard(guardOptions().options);
    const app = express();
    const codes: unknown[] = [];
    app.post('/charges', (request, response) => {
      try {
        guard.context(request);
      } catch (error) {
        codes.push((error as { code?: unknown }).code);
      }
      response.json(guard.tryContext(request) === undefined);
    });
    expect((await post(await serve(app))).json()).toBe(true);
    expect(codes).toEqual(['context-missing']);
  });
});

describe('an error that a function of the application throws before the handler', () => {
  it('is answered, since the return value of a request listener is ignored', async () => {
    const events: unknown[] = [];
    const { options } = guardOptions();
    const principal = () => {
      throw new Error('a broken token');
    };
    const guard = idempotency({ ...options, principal, onEvent: (event) => void events.push(event) });
    const answer = await post(await serve(guard.wrap((_request, response) => void response.end())));
    expect([answer.status, answer.json()]).toMatchObject([500, { code: 'operation-failed' }]);
    expect(events).toMatchObject([{ type: 'handler-error', error: { message: 'a broken token' } }]);
  });
});

describe('a body from a parser', () => {
  it('is compared by its bytes if the parser kept them', async () => {
    const guard = expressGuard(guardOptions().options);
    const app = express();
    const verify = (request: object, _response: object, rawBody: Buffer) => void Object.assign(request, { rawBody });
    app.post('/charges', express.json({ verify }), guard, (request, response) => void response.json(request.body));
    const origin = await serve(app);
    expect((await post(origin, { body: '{"amount":1,"amount":2}' })).status).toBe(200);
    expect((await post(origin, { body: '{"amount":2}' })).status).toBe(422);
  });

  for (const parser of [express.raw({ type: '*/*' }), express.text({ type: '*/*' })]) {
    it(`is compared by its value, from ${parser.name}`, async () => {
      const guard = expressGuard(guardOptions().options);
      const app = express();
      app.post('/charges', parser, guard, (request, response) => void response.end(request.body));
      const origin = await serve(app);
      expect((await post(origin, { body: 'one', type: 'text/plain' })).body.toString()).toBe('one');
      expect((await post(origin, { body: 'two', type: 'text/plain' })).status).toBe(422);
    });
  }
});

/**
 * A request as made by adapters for serverless platforms: complete from the start, with a body that arrives when it is
 * read.
 */
function madeRequest(headers: Record<string, string>, body: string | undefined, parsed?: unknown): IncomingMessage {
  const request = new IncomingMessage(Object.assign(new Socket(), { readable: false }));
  const _read = () => {
    if (body !== undefined) request.push(body);
    request.push(null);
  };
  return Object.assign(request, { complete: true, method: 'POST', url: '/charges', headers, _read, body: parsed });
}

describe('a request that is complete before its body was read', () => {
  const ways: Record<string, (body: string) => IncomingMessage> = {
    'of known length': (body) => madeRequest({ 'content-length': String(body.length) }, body),
    'of a wrong length': (body) => madeRequest({ 'content-length': '1000' }, body),
    'in chunks': (body) => madeRequest({ 'transfer-encoding': 'chunked' }, body),
    'that no header announces, set as text': (body) => madeRequest({}, body, body),
    'that no header announces, set as a value': (body) => madeRequest({}, undefined, JSON.parse(body)),
  };

  it.each(Object.entries(ways))('R83 is compared by its body, %s', async (_name, make) => {
    const read = async (body: string) => {
      const request = make(body);
      return readNodeBody(request, request as object, 1_000);
    };
    const one = await read('{"amount":1}');
    expect(one).toEqual(await read('{"amount":1}'));
    expect(one).not.toEqual(await read('{"amount":2}'));
  });

  it('R83 leaves the body for the handler', async () => {
    const request = madeRequest({ 'content-length': '5' }, 'hello');
    expect(await readNodeBody(request, {}, 1_000)).toEqual({ kind: 'bytes', bytes: Buffer.from('hello') });
    expect(await readers['data and end']?.(request)).toBe('hello');
  });
});
