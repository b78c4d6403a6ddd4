/**
 * Applications on plain `node:http` and `node:http2`.
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { nodeKinds } from '../handlers/node-kinds.ts';
import { type Next, type NodeKind, nodeHandler } from '../handlers/node-order.ts';
import type { App, AppParts } from './app.ts';
import { type Connect, connectAll } from './middlewares.ts';

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

const kinds: Readonly<Record<string, NodeKind>> = nodeKinds;

/** Runs middlewares in order, then the handler; an error passed to next gives 500. */
function chain(middlewares: readonly Connect[], last: Listener): Listener {
  return middlewares.reduceRight<Listener>(
    (behind, middleware) => (request, response) =>
      new Promise((resolve, reject) => {
        middleware(request, response, (error) => {
          if (error !== undefined) resolve(failed(response));
          else run(() => behind(request, response)).then(resolve, reject);
        });
      }),
    last,
  );
}

async function run(call: () => unknown): Promise<unknown> {
  return call();
}

function failed(response: ServerResponse): void {
  if (response.headersSent) return void response.destroy();
  response.statusCode = 500;
  response.end('failed');
}

/** Creates the application. */
export async function nodeApp({ plan, tools, library, settings }: AppParts): Promise<App> {
  const guard = settings === undefined ? undefined : library.node(settings);
  const handler = nodeHandler(kinds[plan.handler] as NodeKind, {
    tools,
    parsed: false,
    pauses: plan.pauses,
    contextOf: (request: IncomingMessage) => guard?.tryContext(request),
  });
  const ignore: Next = () => {};
  const behind = chain(connectAll(plan.behind), (request, response) => handler(request, response, ignore));
  const listener = chain(connectAll(plan.before), guard === undefined ? behind : guard.wrap(behind));
  return {
    http1: createServer((request, response) => void listener(request, response)),
    http2: createHttp2Server((request, response) => {
      void listener(request as unknown as IncomingMessage, response as unknown as ServerResponse);
    }),
    close: async () => guard?.shutdown(0),
  };
}
