/**
 * The ways to answer with Hono's methods.
 *
 * @module
 */

import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { stream, streamText } from 'hono/streaming';
import { turns } from '../world/clock.ts';
import type { FetchKind } from './fetch-order.ts';

/** By name. */
export const honoKinds = {
  'c.json': ({ text }, c) => c.json(JSON.parse(text), 201, { location: '/orders/1' }),
  'c.text': ({ text }, c) => c.text(text),
  'c.html': ({ text }, c) => c.html(`<p>${text}</p>`),
  'c.body': ({ text }, c) => c.body(text, 200, { 'content-type': 'text/plain' }),
  'c.body without anything': (_order, c) => c.body(null, 204),
  'c.redirect': (_order, c) => c.redirect('/orders/1', 303),
  'c.notFound': (_order, c) => c.notFound(),
  'c.header and c.status': ({ text }, c) => {
    c.header('x-made', 'yes');
    c.header('link', '</a>');
    c.header('link', '</b>', { append: true });
    c.status(202);
    return c.body(text);
  },
  stream: ({ text }, c) =>
    stream(c, async (out) => {
      await out.write(text.slice(0, 7));
      await turns(3);
      await out.write(text.slice(7));
    }),
  streamText: ({ text }, c) => streamText(c, async (out) => void (await out.writeln(text))),
  'throw an HTTPException': () => {
    throw new HTTPException(402, { message: 'pay first' });
  },
} as const satisfies Record<string, FetchKind<Context>>;
