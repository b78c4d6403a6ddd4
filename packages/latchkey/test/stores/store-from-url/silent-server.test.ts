import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrateFromUrl, storeFromUrl } from '../../../src/stores/store-from-url/index.ts';

const sockets = new Set<Socket>();
const server = createServer((socket) => {
  sockets.add(socket.on('error', () => {}));
});
let address: string;
beforeEach(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
});

describe('a server that accepts the connection and never answers', () => {
  it.each([
    ['redis', '0?timeoutMs=200'],
    ['postgres', 'shop?connectTimeoutMs=200'],
    ['postgres', 'shop?callTimeoutMs=200&connectTimeoutMs=400'],
    ['mariadb', 'shop?callTimeoutMs=200'],
  ])('is unavailable: %s, %s', { timeout: 20_000 }, async (scheme, path) => {
    await expect(storeFromUrl(`${scheme}://shop@${address}/${path}`)).rejects.toMatchObject({
      code: 'store-unavailable',
    });
  });

  it('is unavailable for the migrations of PostgreSQL', { timeout: 20_000 }, async () => {
    await expect(migrateFromUrl(`postgres://shop@${address}/shop`)).rejects.toMatchObject({
      code: 'store-unavailable',
    });
  });
});
