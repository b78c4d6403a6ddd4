import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import sirv from 'sirv';
import { folders } from './folders.ts';

/** The built site, served on loopback. */
export interface ServedSite {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the built site as a static host does: `/options` is `options.html`. */
export async function serveSite(port = 0): Promise<ServedSite> {
  const server = createServer(sirv(folders.built, { extensions: ['html'], etag: true }));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
