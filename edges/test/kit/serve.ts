/**
 * A real server on a free loopback port, and requests to it.
 *
 * @module
 */

import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that closes at the end of its block. */
export interface Serving extends AsyncDisposable {
  readonly port: number;
  readonly server: Server;
  /** Sends a request with a key; JSON unless the headers set another type. */
  post(path: string, key: string, body: string, headers?: Record<string, string>): Promise<Reply>;
}

/** A complete answer. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Serves a listener until the block ends. */
export async function serve(listener: RequestListener): Promise<Serving> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    server,
    async post(path, key, body, headers = {}) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        body,
        redirect: 'manual',
        headers: { 'content-type': 'application/json', 'idempotency-key': key, ...headers },
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
