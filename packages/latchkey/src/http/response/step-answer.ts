/**
 * `context.fetch`: one call to another system as one step, whose saved result is the answer.
 *
 * @module
 */

import type { StepFetchOptions } from '../../client/step-fetch.ts';
import type { AnyContext } from '../../core/context.ts';
import type { Runtime } from '../../core/runtime.ts';
import type { Header } from '../exchange.ts';
import { type FrameFormat, frame, headersIn, unframe, unreadable } from '../stored-frame.ts';
import { endToEndHeaders, plainToResponse } from './fetch-response.ts';

/** One call. */
export interface StepCall {
  readonly name: string;
  readonly input: string | URL | Request;
  readonly init: RequestInit | undefined;
  readonly options: StepFetchOptions | undefined;
}

const FORMAT: FrameFormat = { what: 'answer of a step', version: 1 };

/** Leaves room for the head in the 256 KiB of a step. */
const DEFAULT_MAX_BYTES = 192 * 1024;

/** Headers of one session, or about a coding of the body that `fetch` has decoded. */
const leftOut: ReadonlySet<string> = new Set(['content-encoding', 'content-length', 'set-cookie']);

async function encodeAnswer(response: Response): Promise<Uint8Array> {
  const headers = Array.from(endToEndHeaders(response), ([name, value]): Header => [name, value]);
  const kept = headers.filter(([name]) => !leftOut.has(name));
  return frame(FORMAT, [response.status, ...kept.flat()], new Uint8Array(await response.arrayBuffer())).whole;
}

function decodeAnswer(bytes: Uint8Array): Response {
  const { head, body } = unframe(FORMAT, bytes);
  const [status] = head;
  if (typeof status !== 'number') throw unreadable(FORMAT, 'its head is malformed');
  return plainToResponse({ status, headers: headersIn(FORMAT, head, 1), body });
}

/** Makes the call, or returns the saved answer; every attempt sees the same answer. */
export async function fetchStep(context: AnyContext, call: StepCall, runtime: Runtime | undefined): Promise<Response> {
  const { name, input, init, options } = call;
  const settings = { operation: name, maxResponseBytes: DEFAULT_MAX_BYTES, ...(runtime && { runtime }), ...options };
  const saved = await context.step(name, async (tools) => {
    // Loaded inside the step, so steps begin in the order in which the handler calls them.
    const { stepFetch } = await import('../../client/step-fetch.ts');
    return encodeAnswer(await stepFetch(tools, input, init, settings));
  });
  return decodeAnswer(saved);
}
