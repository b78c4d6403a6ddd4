import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expectOnce, type TestCrashes, testStore } from 'latchkey/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import { freePort } from '../../../packages/latchkey/test/servers/free-port.ts';

// The examples create their own stores. Each is wrapped here, so that its workers can crash.
const created = vi.hoisted((): { store?: TestCrashes } => ({}));

vi.mock('latchkey/sqlite', async (original) => {
  const { sqliteStore } = await original<typeof import('latchkey/sqlite')>();
  const wrapped: typeof sqliteStore = (options) => {
    const store = testStore(sqliteStore(options));
    created.store = store;
    return store;
  };
  return { sqliteStore: wrapped };
});

async function newDatabase(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-once-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  process.env['DATABASE'] = join(folder, 'orders.db');
  return process.env['DATABASE'];
}

const headers = { Authorization: 'Bearer secret' };
const crashNames = (checks: readonly { name: string }[]) =>
  checks.flatMap(({ name }) => name.match(/(?<=after a crash ).*/) ?? []);

it('the Express quick start orders once', async () => {
  const database = await newDatabase();
  process.env['PORT'] = String(await freePort());
  const others = process.listeners('SIGTERM');
  await import('../express.ts');
  const [stop] = process.listeners('SIGTERM').filter((listener) => !others.includes(listener));
  onTestFinished(() => stop?.('SIGTERM'));
  const orders = new DatabaseSync(database).prepare('SELECT item FROM orders');
  const checks = await expectOnce(
    `http://127.0.0.1:${process.env['PORT']}`,
    { path: '/orders', headers, body: { item: 'lamp' } },
    { ...created, effects: () => orders.all().map(({ item }) => item) },
  );
  expect(crashNames(checks)).toEqual([
    'before the handler ran',
    'before finish was committed',
    'after finish was committed',
  ]);
});

it('the fetch quick start charges once', async () => {
  const keys = new Set<string>();
  const provider = createServer((request, response) => {
    const key = String(request.headers['idempotency-key']);
    keys.add(key);
    // After a crash, the step accepts only an answer that it can recognize as the provider's own.
    response.setHeader('Idempotency-Key', key).end(JSON.stringify({ id: `ch_${keys.size}` }));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void provider.close());
  await once(provider, 'listening');
  process.env['PROVIDER'] = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  await newDatabase();
  const { POST } = await import('../fetch.ts');
  const order = { path: '/orders', headers, body: { item: 'lamp', amount: 500 } };
  const checks = await expectOnce(POST, order, { ...created, effects: () => keys.size });
  expect(crashNames(checks)).toEqual([
    'before the handler ran',
    'between the effect of the step "charge" and its save',
    'after the step "charge" was saved',
    'before the answer was stored',
    'after the answer was stored',
  ]);
});

it('docs/testing.md shows checkout.test.ts unchanged', async () => {
  const [page, program] = await Promise.all(
    ['../../../docs/testing.md', 'checkout.test.ts'].map((path) => readFile(new URL(path, import.meta.url), 'utf8')),
  );
  expect(page).toContain(`\`\`\`ts\n${program}\`\`\``);
});
