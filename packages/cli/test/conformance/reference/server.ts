/**
 * A small endpoint that does what the checklist asks, on a layer of its own. Its operation does what headers say:
 * X-Delay, X-Answer. GET /count says how often it ran.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { RunningApp } from '../../../../latchkey/src/testing/index.ts';
import { listen } from '../../../../latchkey/test/adapters/apps/server.ts';
import { maxBodyBytes, type ReferenceOptions } from './faults.ts';
import { Layer, largestReply, type Operation, problem } from './layer.ts';
import { Records, type Reply } from './records.ts';
import type { Incoming } from './requests.ts';

const special: Readonly<Record<string, Reply>> = {
  declined: { status: 402, headers: [], body: Buffer.from('declined') },
  broken: { status: 500, headers: [], body: Buffer.from('broken') },
  busy: { status: 429, headers: [['retry-after', '1']], body: Buffer.from('busy') },
  binary: { status: 200, headers: [['content-type', 'application/octet-stream']], body: Buffer.from([0, 128, 255]) },
  empty: { status: 204, headers: [], body: Buffer.alloc(0) },
  large: { status: 200, headers: [], body: Buffer.alloc(largestReply + 1, 'x') },
  streamed: { status: 200, headers: [], body: Buffer.from('one,two.'), pieces: 'all' },
  cut: { status: 200, headers: [], body: Buffer.from('one,two.'), pieces: 'cut' },
};

function operationOn(records: Records): Operation {
  return async ({ request }) => {
    if (request.method === 'GET') return { status: 200, headers: [], body: Buffer.from(`${records.count} charges`) };
    const execution = records.countExecution();
    await sleep(Number(request.headers['x-delay'] ?? 0));
    const other = special[String(request.headers['x-answer'])];
    if (other !== undefined) return other;
    const text = Buffer.from(JSON.stringify({ id: execution, note: 'a'.repeat(200) }));
    return {
      status: 201,
      headers: [
        ['content-type', 'application/json'],
        ['location', `/charges/${execution}`],
        ['link', '</a>; rel="next"'],
        ['link', '</b>; rel="prev"'],
        ['set-cookie', `visit=${execution}`],
      ],
      body: text,
    };
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Compresses as its client accepts. */
function compressed(reply: Reply, { request }: Incoming): Reply {
  if (request.headers['accept-encoding'] !== 'gzip' || reply.status !== 201) return reply;
  return { ...reply, headers: [...reply.headers, ['content-encoding', 'gzip']], body: gzipSync(reply.body) };
}

async function write(response: ServerResponse, { status, headers, body, pieces }: Reply): Promise<void> {
  for (const [name, value] of headers) {
    if (name.startsWith('access-control-')) response.setHeader(name, value);
    else response.appendHeader(name, value);
  }
  if (pieces !== undefined) {
    response.writeHead(status).write(body.subarray(0, 4));
    await sleep(20);
    if (pieces === 'all') response.end(body.subarray(4));
    else response.destroy();
    return;
  }
  response.writeHead(status, status === 204 ? {} : { 'content-length': body.length }).end(body);
}

/** CORS for one origin, before the layer. */
function allowOrigin({ request, response }: Incoming, { fault }: ReferenceOptions): boolean {
  if (request.headers.origin === undefined) return false;
  if (fault !== 'allows-no-origin') response.setHeader('access-control-allow-origin', request.headers.origin);
  if (fault !== 'hides-marker') response.setHeader('access-control-expose-headers', 'Idempotent-Replayed, Retry-After');
  if (request.method !== 'OPTIONS') return false;
  const allowed = fault === 'allows-another-header' ? 'X-Idempotency-Key' : 'content-type,idempotency-key';
  response.writeHead(204, { 'access-control-allow-headers': allowed }).end();
  return true;
}

/** Starts the server. */
export async function startReference(options: ReferenceOptions = {}, port = 0): Promise<RunningApp> {
  const { fault } = options;
  const records = new Records(options);
  const operation = operationOn(records);
  const authenticated: Operation = async (incoming) =>
    incoming.request.headers.authorization === undefined ? problem(401, 'unauthorized', options) : operation(incoming);
  // Behind the layer, a compressed answer is stored as it is.
  const isBehind = fault === 'replays-compressed';
  const finished = isBehind ? (reply: Reply) => reply : compressed;
  const inner: Operation = async (incoming) => {
    const reply = await operation(incoming);
    return isBehind ? compressed(reply, incoming) : reply;
  };
  const layer = new Layer(records, options, fault === 'claims-before-authentication' ? authenticated : inner);
  const answer = async (incoming: Incoming): Promise<Reply> => {
    const { request, body } = incoming;
    if (body.length > maxBodyBytes && fault !== 'no-body-limit') return problem(413, 'too-large', options);
    const isRefused = request.headers.authorization === undefined && fault !== 'claims-before-authentication';
    const reply = isRefused ? problem(401, 'unauthorized', options) : await layer.handle(incoming);
    if (fault === 'refusals-run' && (reply.status === 400 || reply.status === 422)) records.countExecution();
    return finished(reply, incoming);
  };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const incoming = { request, response, url, body: await bodyOf(request) };
    if (url.pathname === '/count') response.end(JSON.stringify({ count: records.count }));
    else if (!allowOrigin(incoming, options)) await write(response, await answer(incoming));
  });
  return listen(server, port);
}
