import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { migrations } from 'latchkey/postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres } from '../../../packages/latchkey/test/servers/postgres-server.ts';
import { startRedis } from '../../../packages/latchkey/test/servers/redis-server.ts';
import { isSelected } from '../../../packages/latchkey/test/servers/selected.ts';
import { callApi, goodCharge } from './support/api-client.ts';
import { readCharges } from './support/charges-in-database.ts';
import { ServerProcess } from './support/server-process.ts';
import { ShopClient } from './support/shop-client.ts';
import { waitUntil } from './support/wait-until.ts';

/** A server for the records, prepared for the store. */
interface StoreServer {
  readonly url: string;
  stop(): Promise<void>;
}

const stores: Readonly<Record<string, () => Promise<StoreServer>>> = {
  redis: async () => {
    const server = await startRedis();
    return { url: `redis://127.0.0.1:${server.port}`, stop: server.stop };
  },
  postgres: async () => {
    const server = await startPostgres();
    const sql = migrations().map((migration) => migration.sql);
    await promisify(execFile)('psql', [server.url, ...sql.flatMap((text) => ['-c', text])]);
    return { url: server.url, stop: server.stop };
  },
};

const selected = Object.entries(stores).filter(([name]) => isSelected(name));

describe.each(selected)('with its records in %s', (_name, start) => {
  let store: StoreServer;
  let server: ServerProcess;

  beforeAll(async () => {
    store = await start();
    server = await ServerProcess.start('server', [], { LATCHKEY_STORE: store.url });
  });
  afterAll(async () => {
    await server.remove();
    await store.stop();
  });

  it('charges once, and answers with the same bytes after kill -9 and a restart', async () => {
    const request = { key: randomUUID(), form: { ...goodCharge, description: 'twice' } };
    const first = await callApi(`${server.url}/v1/charges`, request);
    const second = await callApi(`${server.url}/v1/charges`, request);
    await server.end('SIGKILL');
    await server.restart();
    const third = await callApi(`${server.url}/v1/charges`, request);
    expect(first.status).toBe(200);
    expect([second, third].map(({ status, text }) => [status, text])).toEqual(Array(2).fill([200, first.text]));
    expect(third.headers.get('idempotent-replayed')).toBe('true');
    expect(readCharges(server.dataFolder).filter(({ description }) => description === 'twice')).toHaveLength(1);
  });

  it('finds the charge of a worker that died between the charge and its record', async () => {
    const before = readCharges(server.dataFolder).length;
    const buyer = await ShopClient.open(server.url);
    const key = randomUUID();
    await expect(buyer.pay({ key, disaster: 'dies-before-commit' })).rejects.toThrow();
    await server.end('SIGKILL');
    const [charge] = readCharges(server.dataFolder).slice(before);
    await server.restart();
    let paid: unknown;
    await waitUntil(async () => {
      const response = await buyer.pay({ key });
      paid = await response.json();
      return response.status === 200;
    });
    expect(paid).toMatchObject({ id: charge?.id });
    expect(readCharges(server.dataFolder)).toHaveLength(before + 1);
  });

  it('shuts down gracefully', async () => {
    expect(await server.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(server.errors).toBe('');
  });
});
