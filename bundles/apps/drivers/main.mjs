// Sends one request twice through a guard on each store and framework, and prints the answers. The servers' addresses
// come from the environment.

import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import Redis from 'ioredis';
import Koa from 'koa';
import * as latchkey from 'latchkey';
import * as client from 'latchkey/client';
import * as completer from 'latchkey/completer';
import { dynamodbStore } from 'latchkey/dynamodb';
import { encryptedStore } from 'latchkey/encrypted';
import * as engine from 'latchkey/engine';
import { idempotency as forExpress } from 'latchkey/express';
import { idempotency as forFastify } from 'latchkey/fastify';
import { idempotency as forFetch } from 'latchkey/fetch';
import { idempotency as forHono } from 'latchkey/hono';
import { idempotency as forKoa } from 'latchkey/koa';
import { idempotency as forLambda } from 'latchkey/lambda';
import { mariadbStore, migrate as migrateMariadb } from 'latchkey/mariadb';
import { memoryStore } from 'latchkey/memory';
import { idempotency as forNode } from 'latchkey/node';
import * as operator from 'latchkey/operator';
import * as outbox from 'latchkey/outbox';
import { migrate as migratePostgres, postgresStore } from 'latchkey/postgres';
import * as record from 'latchkey/record';
import { redisStore } from 'latchkey/redis';
import { sqliteStore } from 'latchkey/sqlite';
import * as store from 'latchkey/store';
import { storeFromUrl } from 'latchkey/store-from-url';
import * as testing from 'latchkey/testing';
import { createPool } from 'mysql2/promise';
import pg from 'pg';
import postgres from 'postgres';
import { createClient } from 'redis';

const { REDIS_URL, POSTGRES_URL, MARIADB_URL, SQLITE_FILE } = process.env;
const principal = () => 'shop';
const init = { method: 'POST', headers: { 'Idempotency-Key': '"5f1c9a52-4c9b-4c58-9d43-1f1a7ce1a0b6"' } };

/** The statuses and bodies of two equal requests, and which is a replay. */
async function twice(send) {
  const answers = [];
  for (let request = 0; request < 2; request += 1) {
    const response = await send();
    const replayed = response.headers.get('idempotent-replayed') === 'true' ? ', replayed' : '';
    answers.push(`${response.status} ${await response.text()}${replayed}`);
  }
  return answers;
}

async function onStore(records, settings = {}) {
  let orders = 0;
  const guard = forFetch({ store: records, principal, ...settings });
  const handle = guard(() => new Response(`order ${++orders}`, { status: 201 }));
  const answers = await twice(() => handle(new Request('http://shop.test/orders', init)));
  await records.close();
  return answers;
}

async function onServer(listener) {
  const server = createServer(listener);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const answers = await twice(() => fetch(`http://127.0.0.1:${server.address().port}/orders`, init));
  await new Promise((resolve) => server.close(resolve));
  return answers;
}

const settings = () => ({ store: memoryStore(), principal });

const cases = {
  memory: () => onStore(memoryStore()),
  encrypted: () =>
    onStore(encryptedStore(memoryStore(), { currentKey: 'a', keys: { a: new Uint8Array(32).fill(7) } }), {
      fingerprint: { secrets: ['a secret of at least 32 characters, as is demanded'] },
    }),
  sqlite: () => onStore(sqliteStore({ database: SQLITE_FILE })),
  'redis through ioredis': async () => {
    const redis = new Redis(REDIS_URL, { enableOfflineQueue: false, lazyConnect: true });
    await redis.connect();
    const answers = await onStore(redisStore({ client: redis, prefix: `${crypto.randomUUID()}:` }));
    redis.disconnect();
    return answers;
  },
  'redis through redis': async () => {
    const redis = createClient({ url: REDIS_URL, disableOfflineQueue: true });
    await redis.connect();
    const answers = await onStore(redisStore({ client: redis, prefix: `${crypto.randomUUID()}:` }));
    await redis.disconnect();
    return answers;
  },
  'postgres through pg': async () => {
    const pool = new pg.Pool({ connectionString: POSTGRES_URL });
    const names = { schema: `s${crypto.randomUUID().replaceAll('-', '')}` };
    await migratePostgres(pool, names);
    const answers = await onStore(postgresStore({ client: pool, ...names }));
    await pool.end();
    return answers;
  },
  'postgres through postgres.js': async () => {
    const sql = postgres(POSTGRES_URL, { onnotice: () => {} });
    const names = { schema: `s${crypto.randomUUID().replaceAll('-', '')}` };
    await migratePostgres(sql, names);
    const answers = await onStore(postgresStore({ client: sql, ...names }));
    await sql.end();
    return answers;
  },
  mariadb: async () => {
    const pool = createPool(MARIADB_URL);
    const names = { tablePrefix: `t${crypto.randomUUID().slice(0, 8)}_` };
    await migrateMariadb(pool, names);
    const answers = await onStore(mariadbStore({ client: pool, ...names }));
    await pool.end();
    return answers;
  },
  'a store from a URL': async () => onStore(await storeFromUrl(`${REDIS_URL}/0?prefix=${crypto.randomUUID()}:`)),
  // No DynamoDB server is started for this; it is enough that the store makes its call.
  dynamodb: async () => {
    const calls = [];
    const call = (name) => async () => {
      calls.push(`calls ${name}`);
      throw new Error('There is no server.');
    };
    const names = ['putItem', 'updateItem', 'getItem', 'deleteItem', 'scan', 'transactWriteItems', 'describeTable'];
    const records = dynamodbStore({
      client: Object.fromEntries(names.map((name) => [name, call(name)])),
      table: 'orders',
      clock: 'own',
    });
    await records.read('a').catch(() => {});
    await records.close();
    return calls;
  },
  node: () => {
    const guard = forNode(settings());
    let orders = 0;
    return onServer(
      guard.wrap((_request, response) => {
        response.writeHead(201).end(`order ${++orders}`);
      }),
    );
  },
  express: () => {
    let orders = 0;
    const app = express();
    app.post('/orders', forExpress(settings()), (_request, response) => response.status(201).send(`order ${++orders}`));
    return onServer(app);
  },
  fastify: async () => {
    let orders = 0;
    const app = fastify();
    await app.register(forFastify(settings()));
    app.post('/orders', async (_request, reply) => reply.code(201).send(`order ${++orders}`));
    await app.ready();
    return onServer((request, response) => app.routing(request, response));
  },
  hono: () => {
    let orders = 0;
    const app = new Hono();
    app.use(forHono(settings()));
    app.post('/orders', (context) => context.text(`order ${++orders}`, 201));
    return onServer(getRequestListener(app.fetch));
  },
  lambda: () => {
    let orders = 0;
    const handler = forLambda(settings())(async () => ({ statusCode: 201, body: `order ${++orders}` }));
    const [key] = Object.values(init.headers);
    const event = {
      requestContext: { http: { method: 'POST' } },
      rawPath: '/orders',
      headers: { 'idempotency-key': key },
    };
    return twice(async () => {
      const { statusCode, headers, body } = await handler(event, { getRemainingTimeInMillis: () => 30_000 });
      return new Response(body, { status: statusCode, headers });
    });
  },
  koa: () => {
    let orders = 0;
    const app = new Koa().use(forKoa(settings()));
    app.use((context) => {
      context.status = 201;
      context.body = `order ${++orders}`;
    });
    return onServer(app.callback());
  },
  'the client behind context.fetch': async () => {
    const handle = forFetch(settings()).withContext((context) =>
      context.fetch(
        'charge',
        'http://bank.test/charges',
        { method: 'POST' },
        { fetch: async () => new Response('charged') },
      ),
    );
    return twice(() => handle(new Request('http://shop.test/orders', init)));
  },
  'the audit of a recover hook': async () => {
    const guard = forFetch({
      ...settings(),
      timing: { leaseMs: 100, maxRunMs: 100 },
      log: false,
      recover: () => ({ decision: 'respond', response: { status: 201, body: 'recovered' } }),
    });
    const handle = guard(() => new Promise(() => {}));
    void handle(new Request('http://shop.test/orders', init));
    await new Promise((resolve) => setTimeout(resolve, 200));
    return twice(() => handle(new Request('http://shop.test/orders', init)));
  },
  'every other entry': async () =>
    Object.entries({ latchkey, client, completer, engine, operator, outbox, record, store, testing }).map(
      ([name, exports]) => `${name} ${Object.keys(exports).length}`,
    ),
};

async function main() {
  const results = {};
  for (const [name, run] of Object.entries(cases)) {
    try {
      results[name] = await run();
    } catch (error) {
      results[name] = [String(error?.stack ?? error)];
    }
  }
  console.log(JSON.stringify(results));
  process.exit();
}

void main();
