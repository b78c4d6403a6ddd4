/**
 * Sends an answer the framework's way, through the `onSend` hooks of other plugins.
 *
 * @module
 */

import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { asBuffer } from '../../core/support/bytes.ts';
import type { PlainResponse } from '../../http/exchange.ts';
import { joinShortBytes, linesByName } from '../node-http/write-answer.ts';

/** Headers that are set already stay, unless the answer has them too. */
export function sendAnswer(reply: FastifyReply, { status, headers, body }: PlainResponse): void {
  reply.code(status);
  for (const [name, lines] of linesByName(headers)) reply.header(name, lines);
  // Fastify measures the body itself.
  if (reply.hasHeader('content-length')) reply.removeHeader('content-length');
  if (body.length === 0) reply.send();
  else if (reply.hasHeader('content-type')) {
    joinShortBytes(reply.raw);
    reply.send(asBuffer(body));
  }
  // Fastify gives bytes without a type one of its own, but leaves streams alone.
  else reply.send(Readable.from([asBuffer(body)], { objectMode: false }));
}
