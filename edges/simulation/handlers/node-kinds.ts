/**
 * The ways to answer with `node:http`.
 *
 * @module
 */

import { createReadStream } from 'node:fs';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { turns } from '../world/clock.ts';
import type { NodeKind, Order } from './node-order.ts';

const json = { 'content-type': 'application/json' };

function answer({ act, text }: Order, response: ServerResponse, status = 201): void {
  act('writeHead', () => response.writeHead(status, json));
  act('end', () => response.end(text));
}

/** HTTP/2 forbids them. */
const hopByHop = ['connection', 'keep-alive', 'transfer-encoding'];

async function passOn(order: Order, response: ServerResponse, path: string): Promise<void> {
  const { tools, act } = order;
  const upstream = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${tools.upstream}${path}`, resolve).on('error', reject);
  });
  const headers = { ...upstream.headers };
  if (order.request.httpVersionMajor === 2) for (const name of hopByHop) delete headers[name];
  act('writeHead', () => response.writeHead(upstream.statusCode ?? 502, headers));
  upstream.pipe(response);
}

/** By name. */
export const nodeKinds = {
  'end with a head': (order, response) => answer(order, response),
  'setHeader and end': ({ act, text }, response) => {
    response.statusCode = 201;
    act('setHeader', () => response.setHeader('Location', '/orders/1'));
    response.setHeader('Link', ['</a>; rel=a', '</b>; rel=b']);
    response.setHeader('Set-Cookie', ['a=1', 'b=2']);
    act('end', () => response.end(text));
  },
  'a head as a flat list': ({ act, text }, response) => {
    act('writeHead', () => response.writeHead(201, 'Made', ['Location', '/orders/1', 'Link', '</a>', 'Link', '</b>']));
    act('end', () => response.end(text));
  },
  'a failure with a body': (order, response) => answer(order, response, 500),
  'a refusal': (order, response) => answer(order, response, 402),
  'a limit reached': (order, response) => answer(order, response, 429),
  'write in pieces': async ({ act, text }, response) => {
    act('writeHead', () => response.writeHead(200, json));
    act('write', () => void response.write(text.slice(0, 5)));
    await turns(2);
    act('write', () => void response.write(text.slice(5)));
    act('end', () => response.end());
  },
  'write up to the declared length': async ({ act, text }, response) => {
    response.setHeader('Content-Length', Buffer.byteLength(text));
    act('write', () => void response.write(text.slice(0, 5)));
    await turns(2);
    act('write', () => void response.write(text.slice(5)));
    await turns(1);
    act('end', () => response.end());
  },
  'pipe a stream': ({ text }, response) => {
    Readable.from([Buffer.from(text.slice(0, 7)), Buffer.from(text.slice(7))], { objectMode: false }).pipe(response);
  },
  'pipe a file': ({ tools }, response) => {
    response.setHeader('content-type', 'text/plain');
    createReadStream(tools.file).pipe(response);
  },
  pipeline: async ({ text, log }, response) => {
    const source = Readable.from([Buffer.from(text.slice(0, 7)), Buffer.from(text.slice(7))], { objectMode: false });
    await pipeline(source, response).then(
      () => log.step('pipeline ended'),
      (error: NodeJS.ErrnoException) => log.step(`pipeline failed: ${error.code}`),
    );
  },
  'flush the head': async ({ act, text }, response) => {
    response.writeHead(200, json);
    act('flushHeaders', () => response.flushHeaders());
    await turns(2);
    act('end', () => response.end(text));
  },
  'no content': ({ act }, response) => {
    act('end', () => response.writeHead(204).end());
  },
  'not modified': ({ act }, response) => {
    response.setHeader('ETag', '"1"');
    act('end', () => response.writeHead(304).end());
  },
  'an empty body': ({ act }, response) => {
    act('end', () => response.writeHead(200, { 'content-length': 0 }).end());
  },
  'a chunked upstream': (order, response) => passOn(order, response, '/chunked'),
  'a gzip upstream': (order, response) => passOn(order, response, '/gzip'),
  'end twice': (order, response) => {
    answer(order, response);
    order.act('end again', () => response.end('again'));
  },
  'write after the end': (order, response) => {
    answer(order, response);
    order.act('write again', () => void response.write('again'));
  },
  'a second head after the end': (order, response) => {
    answer(order, response);
    try {
      order.act('writeHead again', () => response.writeHead(400, json));
    } catch {}
    try {
      order.act('setHeader again', () => response.setHeader('x-late', '1'));
    } catch {}
  },
  'throw before': () => {
    throw new Error('before the answer');
  },
  'reject before': async () => {
    await turns(1);
    throw new Error('before the answer');
  },
  'reject after': async (order, response) => {
    answer(order, response);
    await turns(1);
    throw new Error('after the answer');
  },
  'never ends': () => new Promise(() => {}),
  'ask for the rest, hint early': async (order, response) => {
    order.act('writeContinue', () => response.writeContinue());
    order.act('writeEarlyHints', () => response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' }));
    await turns(1);
    answer(order, response);
  },
  finish: async ({ context, text }, response) => {
    const made = { status: 201, headers: { location: '/orders/1' }, body: JSON.parse(text) as object };
    if (context?.finish !== undefined) return void (await context.finish(() => made));
    response.writeHead(201, { location: '/orders/1', ...json }).end(text);
  },
  steps: async (order, response) => {
    const charged = await order.context?.step('charge', () => ({ charged: true }));
    order.log.step(`charged: ${JSON.stringify(charged ?? { charged: true })}`);
    answer(order, response);
  },
  'corked writes': ({ act, text }, response) => {
    response.cork();
    act('write', () => void response.write(text.slice(0, 5)));
    act('write', () => void response.write(Buffer.from(text.slice(5)).toString('base64'), 'base64'));
    response.uncork();
    act('end', () => response.end());
  },
  'destroy the response': ({ act }, response) => {
    act('destroy', () => response.destroy());
  },
  'a large body': ({ act }, response) => {
    act('end', () => response.writeHead(200, { 'content-type': 'text/plain' }).end('large '.repeat(40_000)));
  },
  'a binary body': ({ act }, response) => {
    act('end', () => response.writeHead(200).end(Buffer.from([0, 255, 128, 10, 13])));
  },
  trailers: ({ act, text }, response) => {
    response.writeHead(200, { ...json, trailer: 'x-sum' });
    response.write(text);
    act('addTrailers', () => response.addTrailers({ 'x-sum': '7' }));
    act('end', () => response.end());
  },
} as const satisfies Record<string, NodeKind>;
