/** The payments example as one process. `main.ts` starts it, and restarts it after a kill. */

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPayments } from './app.ts';
import { readConfig } from './config.ts';

const drainMs = 10_000;

// Only this machine may connect, since the checkout page can kill the server.
const host = '127.0.0.1';

const config = readConfig(process.env);
const payments = await createPayments(config);
const server = createServer({ maxHeaderSize: 16 * 1024, requestTimeout: 30_000 }, payments.app);
let stopping = false;

server.listen(config.port, host, () => {
  const { port } = server.address() as AddressInfo;
  console.log(`The payments example is at http://localhost:${port}`);
});

/** Lets running payments finish and their records complete; then the process ends by itself. */
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  const closed = once(server, 'close');
  server.close();
  await payments.drain(drainMs);
  await closeConnections(server, closed);
  await payments.close();
  process.exit(0);
}

/** A connection that was busy when the server closed is idle a moment later. */
async function closeConnections(server: Server, closed: Promise<unknown>): Promise<void> {
  const sweep = setInterval(() => server.closeIdleConnections(), 20);
  const limit = setTimeout(() => server.closeAllConnections(), drainMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(limit);
}

for (const signal of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.once(signal, () => void stop());
