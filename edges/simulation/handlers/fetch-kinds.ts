/**
 * The ways to answer with a Response.
 *
 * @module
 */

import { turns } from '../world/clock.ts';
import type { FetchKind } from './fetch-order.ts';

const json = { 'content-type': 'application/json' };
const bytes = (text: string) => new TextEncoder().encode(text);

/** A stream that yields its pieces one by one, each after some turns. */
function streamOf(pieces: readonly string[], pause: number): ReadableStream<Uint8Array> {
  const left = [...pieces];
  return new ReadableStream({
    async pull(controller) {
      await turns(pause);
      const piece = left.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(bytes(piece));
    },
  });
}

/** By name. */
export const fetchKinds = {
  'Response.json': ({ text }) => Response.json(JSON.parse(text), { status: 201, headers: { location: '/orders/1' } }),
  'a string': ({ text }) => new Response(text),
  'a string without a type': ({ text }) => new Response(bytes(text)),
  'a binary body': () => new Response(new Uint8Array([0, 255, 128, 10, 13])),
  'a stream that is there': ({ text }) => new Response(streamOf([text.slice(0, 7), text.slice(7)], 0)),
  'a stream that takes its time': ({ text }) => new Response(streamOf([text.slice(0, 7), text.slice(7)], 3)),
  'a stream with its length': ({ text }) =>
    new Response(streamOf([text.slice(0, 7), text.slice(7)], 3), {
      headers: { ...json, 'content-length': String(Buffer.byteLength(text)) },
    }),
  'a stream that breaks': () =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          controller.enqueue(bytes('part of it'));
          await turns(3);
          controller.error(new Error('broken'));
        },
      }),
    ),
  'a form': () => new Response(new URLSearchParams({ order: '1' })),
  'no content': () => new Response(null, { status: 204 }),
  'not modified': () => new Response(null, { status: 304, headers: { etag: '"1"' } }),
  'an empty body': () => new Response(''),
  redirect: () => new Response(null, { status: 303, headers: { location: '/orders/1' } }),
  'a refusal': ({ text }) => new Response(text, { status: 402, headers: json }),
  'a limit reached': ({ text }) => new Response(text, { status: 429, headers: json }),
  'a failure with a body': ({ text }) => new Response(text, { status: 500, headers: json }),
  'a chunked upstream': ({ tools }) => fetch(`${tools.upstream}/chunked`),
  'a gzip upstream made over': async ({ tools }) => {
    const { body, status } = await fetch(`${tools.upstream}/gzip`);
    return new Response(body, { status, headers: json });
  },
  'an upstream with its length': ({ tools }) => fetch(`${tools.upstream}/length`),
  'an upstream made over': async ({ tools }) => {
    const upstream = await fetch(`${tools.upstream}/chunked`);
    return new Response(upstream.body, upstream);
  },
  'repeated headers': ({ text }) => {
    const headers = new Headers(json);
    headers.append('set-cookie', 'a=1');
    headers.append('set-cookie', 'b=2');
    headers.append('link', '</a>');
    headers.append('link', '</b>');
    return new Response(text, { headers });
  },
  'throw before': () => {
    throw new Error('before the answer');
  },
  'reject before': async () => {
    await turns(1);
    throw new Error('before the answer');
  },
  'never ends': () => new Promise(() => {}),
  finish: async ({ context, text }) => {
    const made = { status: 201, headers: { location: '/orders/1' }, body: JSON.parse(text) as object };
    if (context?.finish !== undefined) return (await context.finish(() => made)) as Response;
    return new Response(text, { status: 201, headers: { location: '/orders/1', ...json } });
  },
  steps: async ({ context, log, text }) => {
    const charged = await context?.step('charge', () => ({ charged: true }));
    log.step(`charged: ${JSON.stringify(charged ?? { charged: true })}`);
    return new Response(text, { headers: json });
  },
  'a large body': () => new Response('large '.repeat(40_000)),
} as const satisfies Record<string, FetchKind>;
