import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LambdaResult } from 'latchkey/lambda';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../packages/latchkey/test/servers/free-port.ts';

const folderOf = (path: string) => new URL(path, import.meta.url);

let data: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'latchkey-quick-start-'));
});
afterAll(() => rm(data, { recursive: true }));

async function untilUp(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await fetch(url).then(Boolean, () => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} did not come up`);
}

const order = (key: string, item: string) => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json', Authorization: 'Bearer secret', 'Idempotency-Key': `"${key}"` },
  body: JSON.stringify({ item, amount: 500 }),
});

it.each([
  ['README.md', 'smallest.ts'],
  ['packages/latchkey/README.md', 'smallest.ts'],
  ['docs/index.md', 'smallest.ts'],
  ['docs/getting-started.md', 'first.ts'],
  ['docs/frameworks.md', 'express.ts'],
  ['docs/frameworks/express.md', 'smallest.ts'],
  ['docs/frameworks/fastify.md', 'fastify.ts'],
  ['docs/frameworks.md', 'fetch.ts'],
  ['docs/frameworks/hono.md', 'hono.ts'],
  ['docs/frameworks/node.md', 'node.ts'],
  ['docs/testing.md', 'checkout.ts'],
  ['docs/frameworks/koa.md', 'koa.ts'],
])('%s shows %s unchanged, in at most thirty lines', async (page, name) => {
  const [readme, program] = await Promise.all([
    readFile(folderOf(`../../../${page}`), 'utf8'),
    readFile(folderOf(`../${name}`), 'utf8'),
  ]);
  expect(readme).toContain(`\`\`\`ts\n${program}\`\`\``);
  expect(program.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(30);
});

it('the Express quick start orders once', async () => {
  const port = await freePort();
  const env = { ...process.env, PORT: String(port), DATABASE: join(data, 'express.db') };
  const server = spawn(process.execPath, ['express.ts'], { cwd: folderOf('..'), env, stdio: 'inherit' });
  try {
    const url = `http://127.0.0.1:${port}/orders`;
    await untilUp(url);
    const first = await fetch(url, order('k-1', 'lamp'));
    const second = await fetch(url, order('k-1', 'lamp'));
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(await second.text()).toBe(await first.text());
    expect(await (await fetch(url, order('k-2', 'lamp'))).json()).toEqual({ id: 2, item: 'lamp' });
  } finally {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
  expect(server.exitCode).toBe(0);
});

it('the first example of the documentation charges once', async () => {
  const port = await freePort();
  const env = { ...process.env, PORT: String(port), DATABASE: join(data, 'first.db') };
  const server = spawn(process.execPath, ['first.ts'], { cwd: folderOf('..'), env, stdio: 'inherit' });
  try {
    const url = `http://127.0.0.1:${port}/charges`;
    await untilUp(url);
    const key = '8e03978e-40d5-43dd-bc93-6894a57f9324';
    const answers = [await fetch(url, order(key, 'lamp')), await fetch(url, order(key, 'lamp'))];
    expect(answers.map(({ headers }) => headers.get('idempotency-status'))).toEqual(['executed', 'replayed']);
    const bodies = await Promise.all(answers.map((answer) => answer.json()));
    expect(bodies).toEqual(Array(2).fill({ charge: 1, amount: 500 }));
    expect((await fetch(url, order(key, 'sofa'))).status).toBe(422);
  } finally {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
});

/** Sends a request to the example of one framework. */
type Send = (path: string, init: RequestInit) => Response | Promise<Response>;

const frameworks: Readonly<Record<string, () => Promise<Send>>> = {
  'smallest.ts': async () => sendTo((await import('../smallest.ts')).app.listen(0, '127.0.0.1')),
  'node.ts': async () => sendTo((await import('../node.ts')).server.listen(0, '127.0.0.1')),
  'fastify.ts': async () => {
    const { app } = await import('../fastify.ts');
    onTestFinished(() => app.close());
    const origin = await app.listen({ port: 0, host: '127.0.0.1' });
    return (path, init) => fetch(`${origin}${path}`, init);
  },
  'koa.ts': async () => sendTo((await import('../koa.ts')).app.listen(0, '127.0.0.1')),
  'hono.ts': async () => {
    const { app } = await import('../hono.ts');
    return (path, init) => app.request(path, init);
  },
};

async function sendTo(server: Server): Promise<Send> {
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init);
}

it.each(Object.entries(frameworks))('%s runs a request once and replays its answer', async (name, start) => {
  process.env['DATABASE'] = join(data, `${name}.db`);
  const send = await start();
  const answers = [await send('/charges', order('k-1', 'lamp')), await send('/charges', order('k-1', 'lamp'))];
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(answers.map(({ headers }) => headers.get('idempotency-status'))).toEqual(['executed', 'replayed']);
  expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual(
    Array(2).fill({ amount: 500, status: 'succeeded' }),
  );
});

it('the Lambda quick start charges once', async () => {
  process.env['STORE_URL'] = `sqlite:${join(data, 'lambda.db')}`;
  const { handler } = await import('../lambda.ts');
  const { body, headers } = order('k-1', 'lamp');
  const call = async (sent: Record<string, string>): Promise<Partial<LambdaResult>> => {
    const http = { method: 'POST', path: '/charges' };
    const lower = Object.fromEntries(Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value]));
    const event = {
      version: '2.0',
      rawPath: '/charges',
      rawQueryString: '',
      headers: lower,
      requestContext: { http },
      body,
    };
    return handler(event, { getRemainingTimeInMillis: () => 3_000 });
  };
  const answers = [await call(headers), await call(headers)];
  expect(answers.map((answer) => answer.headers?.['Idempotency-Status'])).toEqual(['executed', 'replayed']);
  expect(answers.map((answer) => JSON.parse(answer.body ?? ''))).toEqual(
    Array(2).fill({ amount: 500, status: 'succeeded' }),
  );
  const { Authorization: _, ...anonymous } = headers;
  expect(await call(anonymous)).toEqual({ statusCode: 401 });
});

it('the fetch quick start charges once', async () => {
  const charged: string[] = [];
  const provider = createServer((request, response) => {
    charged.push(String(request.headers['idempotency-key']));
    response.end(JSON.stringify({ id: `ch_${charged.length}` }));
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  process.env['PROVIDER'] = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  process.env['DATABASE'] = join(data, 'fetch.db');
  const { POST } = await import('../fetch.ts');
  const send = (item: string) => POST(new Request('https://shop.example/orders', order('k-1', item)));
  const first = await send('lamp');
  const second = await send('lamp');
  expect(await first.json()).toEqual({ charge: 'ch_1', item: 'lamp' });
  expect(await second.json()).toEqual({ charge: 'ch_1', item: 'lamp' });
  expect(second.headers.get('idempotent-replayed')).toBe('true');
  expect((await send('sofa')).status).toBe(422);
  const { 'Idempotency-Key': _, ...unkeyed } = order('k-1', 'lamp').headers;
  const refused = await POST(new Request('https://shop.example/orders', { ...order('k-1', 'lamp'), headers: unkeyed }));
  expect([refused.status, (await refused.json()).code]).toEqual([400, 'key-missing']);
  expect(charged).toEqual([expect.stringMatching(/^"[0-9a-f-]{36}"$/)]);
  provider.close();
});
