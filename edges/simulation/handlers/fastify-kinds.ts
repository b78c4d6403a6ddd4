/**
 * The ways to answer on Fastify.
 *
 * @module
 */

import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { turns } from '../world/clock.ts';
import type { FastifyKind } from './fastify-order.ts';

const asObject = (text: string): object => JSON.parse(text) as object;

/** By name. */
export const fastifyKinds = {
  'return an object': ({ text }) => asObject(text),
  'return a string': async ({ text }, reply) => {
    await turns(1);
    reply.type('text/plain').code(201);
    return text;
  },
  'send an object': ({ text }, reply) => {
    reply.code(201).header('location', '/orders/1').send(asObject(text));
  },
  'send a buffer': ({ text }, reply) => {
    reply.type('application/json').send(Buffer.from(text));
  },
  'send a buffer without a type': ({ text }, reply) => {
    reply.send(Buffer.from(text));
  },
  'send a stream': ({ text }, reply) => {
    reply.type('text/plain').send(Readable.from([text.slice(0, 7), text.slice(7)], { objectMode: false }));
  },
  'send a file': ({ tools }, reply) => {
    reply.type('text/plain').send(createReadStream(tools.file));
  },
  'return a web stream': ({ text }, reply) => {
    reply.type('text/plain');
    return new Response(text).body;
  },
  'return a Response': ({ text }) =>
    new Response(text, { status: 202, headers: { 'content-type': 'application/json', 'x-made': 'yes' } }),
  'a chunked upstream': async ({ tools }, reply) => {
    const upstream = await fetch(`${tools.upstream}/chunked`);
    return reply.code(upstream.status).type('application/json').send(upstream.body);
  },
  redirect: (_order, reply) => {
    reply.redirect('/orders/1', 303);
  },
  'no content': (_order, reply) => {
    reply.code(204).send();
  },
  'an empty body': (_order, reply) => {
    reply.code(200).send('');
  },
  'a refusal': ({ text }, reply) => {
    reply.code(402).send(asObject(text));
  },
  'a limit reached': ({ text }, reply) => {
    reply.code(429).send(asObject(text));
  },
  'repeated headers': async ({ text }, reply) => {
    await turns(1);
    return reply.header('set-cookie', ['a=1', 'b=2']).header('link', ['</a>', '</b>']).send(asObject(text));
  },
  'take the reply over': async ({ act, text }, reply) => {
    reply.hijack();
    act('writeHead', () => reply.raw.writeHead(201, { 'content-type': 'application/json' }));
    await turns(1);
    act('end', () => void reply.raw.end(text));
  },
  'take the reply over in pieces': async ({ act, text }, reply) => {
    reply.hijack();
    act('write', () => void reply.raw.write(text.slice(0, 5)));
    await turns(2);
    act('end', () => void reply.raw.end(text.slice(5)));
  },
  'call not found': (_order, reply) => {
    reply.callNotFound();
  },
  'an unknown route': () => 'unreachable',
  'throw before': () => {
    throw new Error('before the answer');
  },
  'reject before': async () => {
    await turns(1);
    throw new Error('before the answer');
  },
  'throw after': ({ text }, reply) => {
    reply.send(asObject(text));
    throw new Error('after the answer');
  },
  'send an error': (_order, reply) => {
    reply.code(503).send(new Error('later'));
  },
  'send twice': ({ text }, reply) => {
    reply.code(201).send(asObject(text));
    reply.code(400).send({ error: 'invalid' });
  },
  'send later': ({ text }, reply) => {
    setImmediate(() => reply.send(asObject(text)));
    return reply;
  },
  'never ends': () => new Promise(() => {}),
  finish: async ({ context, text }, reply) => {
    const made = { status: 201, headers: { location: '/orders/1' }, body: asObject(text) };
    if (context?.finish !== undefined) return context.finish(() => made);
    return reply
      .code(201)
      .header('content-type', 'application/json')
      .header('location', '/orders/1')
      .send(Buffer.from(text));
  },
  steps: async ({ context, log, text }) => {
    const charged = await context?.step('charge', () => ({ charged: true }));
    log.step(`charged: ${JSON.stringify(charged ?? { charged: true })}`);
    return asObject(text);
  },
  trailers: ({ text }, reply) => {
    reply.trailer('x-sum', async () => '7').send(asObject(text));
  },
  'a large body': (_order, reply) => {
    reply.type('text/plain').send('large '.repeat(40_000));
  },
} as const satisfies Record<string, FastifyKind>;
