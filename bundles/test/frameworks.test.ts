import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../../packages/latchkey/test/servers/redis-server.ts';
import { type Answers, answersOf, type Program, runtimes } from './kit/shop.ts';
import { type Workspace, workspaceWith } from './kit/workspace.ts';

const page = fileURLToPath(new URL('../../docs/frameworks.md', import.meta.url));

let redis: RedisServer;
let workspace: Workspace;

type Place = (file: string) => string;

const lambda = (adapter: string) => (place: Place) => ({
  ...runtimes.node(place('lambda.mjs')),
  env: { ADAPTER: adapter },
});

/** The rows of the table. */
const programs: Readonly<Record<string, (place: Place) => Program>> = {
  'node:http': (place) => runtimes.node(place('node.mjs')),
  'Express 4': (place) => ({ ...runtimes.node(place('express.mjs')), env: { EXPRESS: 'express4' } }),
  'Express 5': (place) => runtimes.node(place('express.mjs')),
  'Fastify 5': (place) => runtimes.node(place('fastify.mjs')),
  'Koa 3': (place) => runtimes.node(place('koa.mjs')),
  'Hono on Node': (place) => runtimes.node(place('hono.mjs')),
  'Fetch on Node': (place) => runtimes.node(place('fetch.mjs')),
  'Fetch on Bun': (place) => runtimes.bun(place('fetch.mjs')),
  'Fetch on Deno': (place) => runtimes.deno(place('fetch.mjs')),
  'Lambda, serverless-http': lambda('serverless-http'),
  'Lambda, @codegenie/serverless-express': lambda('@codegenie/serverless-express'),
  'Lambda, @vendia/serverless-express': lambda('@vendia/serverless-express'),
  'Lambda, @h4ad/serverless-adapter': lambda('@h4ad/serverless-adapter'),
  'Lambda, @fastify/aws-lambda': lambda('@fastify/aws-lambda'),
  'Lambda, latchkey/lambda': lambda('latchkey/lambda'),
};

const stores: Readonly<Record<string, (folder: string) => string>> = {
  SQLite: (folder) => `sqlite:${join(folder, 'records.db')}`,
  Redis: () => `redis://127.0.0.1:${redis.port}/0?prefix=${crypto.randomUUID()}:`,
};

const expected: Answers = {
  first: '201',
  replay: '201, replayed, one charge',
  mismatch: '422',
  retryAfterCrash: '201, one charge',
};

const rows: string[] = [];

beforeAll(async () => {
  [redis, workspace] = await Promise.all([startRedis(), workspaceWith({ apps: ['frameworks'] })]);
});

afterAll(async () => {
  workspace[Symbol.dispose]();
  await redis.stop();
});

describe.each(Object.entries(programs))('%s', (name, programOf) => {
  it.each(Object.entries(stores))(
    'runs once, replays, refuses another payload and survives a crash on %s',
    async (store, url) => {
      const program = programOf((file) => join(workspace.folder, 'frameworks', file));
      const answers = await answersOf(program, workspace.folder, url);
      expect(answers).toEqual(expected);
      rows.push(`| ${name} | ${store} | ${Object.values(answers).join(' | ')} |`);
    },
  );
});

it('writes the results to the page', () => {
  const head = '| framework or runtime | store | first request | replay | another payload | retry after a SIGKILL |';
  const table = [head, '|---|---|---|---|---|---|', ...rows].join('\n');
  const text = readFileSync(page, 'utf8');
  const written = text.replace(/^\| framework or runtime [\s\S]*?(?=\n\n)/m, table);
  if (process.env['WRITE_PAGES'] !== undefined) writeFileSync(page, written);
  expect(text).toBe(written);
});
