/**
 * A TCP proxy with simulated faults: it closes a connection before or after the server has received the client's data,
 * and delays replies.
 */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * The fate of a client's data:
 * - `pass`: it is passed on.
 * - `cut-before`: the connection is closed before the server gets it.
 * - `cut-after`: the server gets it, and the connection is closed instead of the reply.
 * - `delayMs`: the server gets it, and the reply is delayed by this time.
 */
export type Treatment = 'pass' | 'cut-before' | 'cut-after' | { readonly delayMs: number };

export interface TcpProxy {
  readonly port: number;
  /** Called for every piece of data from now on. */
  treat(how: () => Treatment): void;
  /** Number of pieces that were not just passed on. */
  readonly disturbed: number;
  stop(): Promise<void>;
}

const pass = (): Treatment => 'pass';

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let how = pass;
  let disturbed = 0;
  const treatment = () => {
    const decided = how();
    if (decided !== 'pass') disturbed += 1;
    return decided;
  };
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket.setNoDelay());
      socket.on('close', () => sockets.delete(socket));
    }
    join(client, upstream, treatment);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    treat: (next) => {
      how = next;
    },
    get disturbed() {
      return disturbed;
    },
    stop: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

function join(client: Socket, upstream: Socket, treatment: () => Treatment): void {
  let swallow = false;
  let heldUntil = 0;
  let replies = Promise.resolve();
  const cut = () => {
    client.destroy();
    upstream.destroy();
  };
  client.on('data', (piece) => {
    const decided = treatment();
    if (decided === 'cut-before') return cut();
    if (decided === 'cut-after') swallow = true;
    if (typeof decided === 'object') heldUntil = performance.now() + decided.delayMs;
    upstream.write(piece);
  });
  upstream.on('data', (piece) => {
    if (swallow) return cut();
    const until = heldUntil;
    replies = replies.then(() => pause(until - performance.now())).then(() => void client.write(piece));
  });
  for (const socket of [client, upstream]) socket.on('error', cut).on('close', cut);
}

async function pause(ms: number): Promise<void> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}
