/**
 * Runs one kind of handler on Fastify, and records its observations.
 *
 * @module
 */

import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { noted, watchNode } from '../world/run-log.ts';
import { ending, type HandlerSetup, noteRequest, type Order, readText } from './node-order.ts';

/** One way to answer. */
export type FastifyKind = (order: Order, reply: FastifyReply) => unknown;

/** Creates a handler of a kind. */
export function fastifyHandler(
  kind: FastifyKind,
  { tools, pauses, contextOf }: Omit<HandlerSetup, 'parsed'>,
): (request: FastifyRequest, reply: FastifyReply) => unknown {
  return (request, reply) => {
    const log = tools.begin();
    watchNode(log, request.raw, reply.raw);
    const answer = (saw: string) => {
      noteRequest(log, request.raw, saw);
      const count = tools.effect();
      const text = JSON.stringify({ order: count, saw });
      const act = <T>(name: string, call: () => T) => noted(log, name, reply.raw, call);
      const order: Order = { log, tools, request: request.raw, count, text, context: contextOf(request as never), act };
      return pauses ? tools.pause().then(() => kind(order, reply) ?? reply) : kind(order, reply);
    };
    return ending(log, () => {
      const { body } = request;
      return body instanceof Readable ? readText(body).then((saw) => answer(saw) ?? reply) : answer(parsedText(body));
    });
  };
}

function parsedText(body: unknown): string {
  if (Buffer.isBuffer(body)) return body.toString();
  return typeof body === 'string' ? body : (JSON.stringify(body) ?? 'undefined');
}
