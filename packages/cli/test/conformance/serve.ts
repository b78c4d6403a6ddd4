import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { listen } from '../../../latchkey/test/adapters/apps/server.ts';

/** Starts a server for the current test, and returns its origin. */
export async function serve(
  listener: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<string> {
  const { origin, close } = await listen(createServer(listener));
  onTestFinished(close);
  return origin;
}
