import { Agent, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import fastify from 'fastify';
import { type Context, Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { idempotency } from '../../src/adapters/hono.ts';
import { open, receive, responseTo } from '../../src/testing/adapter-suite/client.ts';
import { firstKey, pause, until } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions, post, serve } from './apps/harness.ts';

const start = (app: Hono, onConnection?: () => void) => serve(getRequestListener(app.fetch), onConnection);

/** Whether the guard has tapped the body of Node's request. */
const isTapped = (c: Context) => Buffer.isBuffer(Object(c.env.incoming).rawBody);

async function textOf(stream: ReadableStream<Uint8Array> | null): Promise<string> {
  return new Response(stream).text();
}

const readers: Record<string, (c: Context) => Promise<unknown>> = {
  'req.json': (c) => c.req.json(),
  'req.text': async (c) => JSON.parse(await c.req.text()),
  'req.arrayBuffer': async (c) => JSON.parse(Buffer.from(await c.req.arrayBuffer()).toString()),
  'req.blob': async (c) => JSON.parse(await (await c.req.blob()).text()),
  'raw.json': (c) => c.req.raw.json(),
  'raw.body': async (c) => JSON.parse(await textOf(c.req.raw.body)),
  'raw.clone': async (c) => [await c.req.raw.clone().json(), await c.req.raw.json()][1],
  'a copy': (c) => new Request(c.req.raw).json(),
};

function bindMethods(c: Context): void {
  c.req.raw = new Proxy(c.req.raw, {
    get(request, name) {
      const value: unknown = Reflect.get(request, name);
      return typeof value === 'function' ? value.bind(request) : value;
    },
  });
}

const body = JSON.stringify({ amount: 2000, note: 'é'.repeat(20) });
const head = `POST /charges HTTP/1.1\r\nHost: a\r\nIdempotency-Key: "${firstKey}"\r\n`;

describe('the body of a request in hono', () => {
  it.each(Object.entries(readers))('reaches a handler that reads it by %s, whole or in pieces', async (_, read) => {
    const app = new Hono();
    app.post('/charges', idempotency(guardOptions().options), async (c) => c.json([isTapped(c), await read(c)]));
    const origin = await start(app);
    expect((await post(origin, { body })).json()).toEqual([true, JSON.parse(body)]);
    const request = open(origin, { key: 'in-pieces', headers: [['Content-Length', `${Buffer.byteLength(body)}`]] });
    const answer = responseTo(request);
    for (const piece of [body.slice(0, 9), body.slice(9)]) {
      request.write(piece);
      await pause(20);
    }
    request.end();
    expect(JSON.parse((await receive(await answer)).body.toString())).toEqual([true, JSON.parse(body)]);
  });

  it('is compared, and reaches the handler, as earlier middleware has replaced it', async () => {
    const app = new Hono();
    app.use(async (c, next) => {
      const { url, headers } = c.req.raw;
      c.req.raw = new Request(url, { method: 'POST', headers, body: c.req.header('x-body') ?? '' });
      await next();
    });
    app.post('/charges', idempotency(guardOptions().options), async (c) => c.text(await c.req.text()));
    const origin = await start(app);
    const sent = (inner: string, outer: string) => post(origin, { body: outer, headers: [['X-Body', inner]] });
    expect((await sent('inner', '1')).body.toString()).toBe('inner');
    expect((await sent('inner', '2')).header('idempotent-replayed')).toBe('true');
    expect((await sent('other', '1')).status).toBe(422);
  });

  it.each<[string, (c: Context) => unknown]>([
    ['is reading a copy of the request', (c) => void c.req.raw.clone().text()],
    ['has asked for the stream', (c) => c.req.raw.body],
    ['is reading the body', (c) => void c.req.text()],
    ['has waited', () => pause(20)],
    ['has replaced a method', ({ req: { raw } }) => Object.defineProperty(raw, 'text', { value: async () => body })],
    ['has bound the methods', bindMethods],
  ])('is not tapped if earlier middleware %s', async (_, early) => {
    const app = new Hono();
    app.use((c, next) => {
      const done = early(c);
      return done instanceof Promise ? done.then(next) : next();
    });
    app.post('/charges', idempotency(guardOptions().options), async (c) => c.json([isTapped(c), await c.req.json()]));
    const origin = await start(app);
    expect((await post(origin, { body })).json()).toEqual([false, JSON.parse(body)]);
    expect((await post(origin, { body })).header('idempotent-replayed')).toBe('true');
    expect((await post(origin, { body: '{"amount":1}' })).status).toBe(422);
  });

  it('is read from a platform that gives the bytes, and from one without Node’s request', async () => {
    const app = new Hono().post('/charges', idempotency(guardOptions().options), async (c) =>
      c.text(await c.req.text()),
    );
    const given = getRequestListener(app.fetch);
    const cloud = await serve((request: IncomingMessage & { rawBody?: unknown }, response) => {
      request.on('data', (bytes) => {
        request.rawBody = bytes;
      });
      request.on('end', () => void given(request, response));
    });
    expect((await post(cloud, { body })).body.toString()).toBe(body);
    const bare = await serve(getRequestListener((request) => app.fetch(request, {})));
    expect((await post(bare, { body, key: 'bare' })).body.toString()).toBe(body);
  });

  it('is read from an injected request, which has no connection', async () => {
    const app = new Hono().post('/charges', idempotency(guardOptions().options), async (c) =>
      c.text(await c.req.text()),
    );
    const listener = getRequestListener(app.fetch);
    const host = fastify();
    host.addContentTypeParser('*', (_request, _payload, done) => done(null));
    host.post('/charges', (request, reply) => {
      reply.hijack();
      void listener(request.raw, reply.raw);
    });
    const headers = { 'idempotency-key': firstKey, 'content-type': 'application/octet-stream' };
    const answer = await host.inject({ method: 'POST', url: '/charges', headers, payload: body });
    expect(answer.body).toBe(body);
  });

  it('reaches two guards that wait for it at once', async () => {
    const shadow = new Hono();
    shadow.post('/charges', idempotency(guardOptions().options), async (c) => c.text(await c.req.text()));
    const seen: Promise<Response>[] = [];
    const app = new Hono();
    app.use((c, next) => {
      seen.push(Promise.resolve(shadow.fetch(c.req.raw, c.env)));
      return next();
    });
    app.post('/charges', idempotency(guardOptions().options), (c) => c.text('x'));
    expect((await post(await start(app), { body })).status).toBe(200);
    expect(await (await seen[0])?.text()).toBe(body);
  });

  it('is refused if the client disconnects in its middle, and the retry runs', async () => {
    let views = 0;
    const app = new Hono();
    app.use(async (_c, next) => {
      views += 1;
      await next().finally(() => {
        views += 10;
      });
    });
    app.post('/charges', idempotency(guardOptions().options), async (c) => c.text(await c.req.text()));
    const origin = await start(app);
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    socket.write(`${head}Content-Length: 100\r\n\r\nhalf`);
    await until(() => views === 1);
    socket.destroy();
    await until(() => views === 11);
    const retry = await post(origin, { body: 'whole' });
    expect([retry.body.toString(), retry.header('idempotent-replayed')]).toEqual(['whole', undefined]);
  });

  it('R45 reaches the handler although the client has disconnected before it began', async () => {
    const { options, faults } = guardOptions();
    faults.next('claim', { kind: 'delay', delayMs: 200 });
    const app = new Hono();
    app.post('/charges', idempotency(options), async (c) => c.text(await c.req.text()));
    const origin = await start(app);
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    socket.write(`${head}Content-Length: 5\r\nContent-Type: text/plain\r\n\r\nwhole`);
    await until(() => faults.calls.get('claim') === 1);
    socket.destroy();
    await until(() => faults.calls.get('complete') === 1);
    const retry = await post(origin, { body: 'whole', type: 'text/plain' });
    expect([retry.body.toString(), retry.header('idempotent-replayed')]).toEqual(['whole', 'true']);
  });

  it('leaves the connection open for the next request, read or not, short or long', async () => {
    let connections = 0;
    const app = new Hono();
    app.post('/read', idempotency(guardOptions().options), async (c) => c.text(`${(await c.req.text()).length}`));
    app.post('/left', idempotency(guardOptions().options), (c) => c.text('x'));
    const origin = await start(app, () => {
      connections += 1;
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let index = 0; index < 24; index += 1) {
      const sent = index % 3 === 0 ? '' : 'unread'.repeat(index % 3 === 1 ? 10 : 20_000);
      const path = index % 2 === 0 ? '/read' : '/left';
      const request = open(origin, { key: `key-${index % 12}`, body: sent, path }, agent);
      const answer = responseTo(request);
      request.end(sent);
      expect((await receive(await answer)).body.toString()).toBe(index % 2 === 0 ? `${sent.length}` : 'x');
    }
    agent.destroy();
    expect(connections).toBe(1);
  });
});
