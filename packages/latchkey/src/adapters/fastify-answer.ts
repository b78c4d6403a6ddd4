/**
 * Sends an answer the framework's way, through the `onSend` hooks of other plugins.
 *
 * @module
 */

import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Field, PlainResponse } from '../http/exchange.ts';
import { joinShortBytes } from './node-answer.ts';

/** Fields that are set already stay, unless the answer has them too. */
export function sendAnswer(reply: FastifyReply, { status, fields, body }: PlainResponse): void {
  reply.code(status);
  for (const [name, lines] of linesByName(fields)) reply.header(name, lines.length === 1 ? lines[0] : lines);
  reply.removeHeader('content-length');
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length === 0) reply.send();
  else if (reply.hasHeader('content-type')) {
    joinShortBytes(reply.raw);
    reply.send(bytes);
  }
  // Fastify gives bytes without a type one of its own, but leaves streams alone.
  else reply.send(Readable.from([bytes], { objectMode: false }));
}

function linesByName(fields: readonly Field[]): Map<string, string[]> {
  const byName = new Map<string, string[]>();
  for (const [name, value] of fields) {
    const lines = byName.get(name.toLowerCase());
    if (lines === undefined) byName.set(name.toLowerCase(), [value]);
    else lines.push(value);
  }
  return byName;
}
