import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { idempotency } from '../../../src/adapters/node.ts';
import type { TransactionKind } from '../../../src/core/store.ts';
import type { AppSetup, RunningApp, SuiteReply } from '../../../src/testing/index.ts';
import { grouped, isStream, listen, tenantOf } from './server.ts';

export function headerOf(request: IncomingMessage): (name: string) => string | undefined {
  return (name) => request.headersDistinct[name]?.join(', ');
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

async function writeReply(response: ServerResponse, reply: SuiteReply): Promise<void> {
  if ('finished' in reply) return;
  const { status = 200, headers, body } = reply;
  response.statusCode = status;
  for (const [name, value] of grouped(headers)) response.setHeader(name, value);
  if (isStream(body)) await pipeline(Readable.from(body), response);
  else if (body === undefined) response.end();
  else response.end(body);
}

/** The action of a timeout. */
export function answerLate(response: ServerResponse, status: number): void {
  if (!response.headersSent) response.writeHead(status).end();
}

export function startNode<Kind extends TransactionKind>(setup: AppSetup<Kind>): Promise<RunningApp> {
  const guard = idempotency<Kind>({
    ...setup.options,
    principal: (request) => tenantOf(request.headers['x-tenant']),
  });
  const guarded = guard.wrap(async (request, response, context) => {
    const body = await textOf(request);
    const { method = '' } = request;
    await writeReply(response, await setup.handler({ method, body, context, header: headerOf(request) }));
  });
  const server = createServer((request, response) => {
    const { refuse, late, headers } = setup.outer(headerOf(request));
    for (const [name, value] of grouped(headers)) response.setHeader(name, value);
    void late?.then((status) => answerLate(response, status));
    if (refuse !== undefined) response.writeHead(refuse).end();
    // A broken stream ends the response by itself; its error needs no handling here.
    else guarded(request, response).catch(() => response.destroy());
  });
  return listen(server);
}
