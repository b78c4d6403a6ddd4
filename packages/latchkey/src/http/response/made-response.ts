/**
 * Captures a response that a handler returned when no framework sends it.
 *
 * @module
 */

import type { CapturedResponse, Header, PlainResponse } from '../exchange.ts';
import type { Answer } from '../options.ts';
import { checkResponse } from '../plain-response.ts';
import { answerResponse } from './answer.ts';
import { endToEndHeaders, isResponse, refuseUnsendable } from './fetch-response.ts';

/** A response in any form that an application can return. */
export type MadeResponse = Response | PlainResponse | Answer;

interface Gathered {
  readonly body: Uint8Array;
  readonly isWhole: boolean;
}

/** Reads to the end, although nothing past the limit is kept: producing the rest of the stream may do work. */
async function gather(stream: ReadableStream<Uint8Array> | null, limitBytes: number): Promise<Gathered> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of stream ?? []) {
    total += chunk.length;
    if (total <= limitBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  return { body: Buffer.concat(chunks), isWhole: total <= limitBytes };
}

function whole(response: PlainResponse): CapturedResponse {
  return { ...response, state: 'whole', headSent: false };
}

async function captureFetched(made: Response, limitBytes: number): Promise<CapturedResponse> {
  refuseUnsendable(made);
  const headers = Array.from(endToEndHeaders(made), ([name, value]): Header => [name, value]);
  const { body, isWhole } = await gather(made.body, limitBytes);
  return { status: made.status, headers, body, state: isWhole ? 'whole' : 'too-large', headSent: false };
}

/**
 * Captures a returned response: of the Fetch API, a plain one, or an answer.
 *
 * @throws LatchkeyError `value-invalid` for a response that can't be sent; errors of the response's stream.
 */
export async function captureMade(made: MadeResponse, limitBytes: number): Promise<CapturedResponse> {
  if (isResponse(made)) return captureFetched(made, limitBytes);
  if (!isPlain(made)) return whole(answerResponse(made));
  checkResponse(made);
  return whole(made);
}

/** An answer's headers are an object; those of a plain response are pairs. */
function isPlain(made: PlainResponse | Answer): made is PlainResponse {
  return Array.isArray(made.headers);
}
