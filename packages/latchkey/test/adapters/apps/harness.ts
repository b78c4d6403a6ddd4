import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import { onTestFinished } from 'vitest';
import { memoryStore } from '../../../src/stores/memory/index.ts';
import { type Received, type Sent, send } from '../../../src/testing/adapter-suite/client.ts';
import { firstKey } from '../../../src/testing/adapter-suite/world.ts';
import { faultyStore } from '../../../src/testing/index.ts';
import { listen } from './server.ts';

/** A memory store with simulated faults, and options for a guard on it. */
export function guardOptions() {
  const { store, faults } = faultyStore(memoryStore());
  return { faults, options: { store, principal: () => 'tenant' } };
}

/** Serves during a test. */
export async function serve(listener: RequestListener, onConnection = () => {}): Promise<string> {
  const { origin, close } = await listen(createServer(listener).on('connection', onConnection));
  onTestFinished(close);
  return origin;
}

/** Sends a request with a key. */
export function post(origin: string, sent: Sent = {}): Promise<Received> {
  return send(origin, { key: firstKey, ...sent });
}
