/**
 * Runs one kind of handler on a `node:http` or Express request, and records its observations.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { noted, type RunLog, type Tools, watchNode } from '../world/run-log.ts';
import type { HttpContext } from './context.ts';

/** Ends a handler of Express, or of a chain of middlewares. */
export type Next = (error?: unknown) => void;

/** One request of a handler. */
export interface Order {
  readonly log: RunLog;
  readonly tools: Tools;
  readonly request: IncomingMessage;
  /** The number of this execution of the operation. */
  readonly count: number;
  /** The handler's default answer, which contains the body that it read. */
  readonly text: string;
  /** The guard's context; undefined without a guard. */
  readonly context: HttpContext | undefined;
  /** Calls a method of the response, and records its effect. */
  act<T>(name: string, call: () => T): T;
}

/** One way to answer. */
export type NodeKind<R extends ServerResponse = ServerResponse> = (order: Order, response: R, next: Next) => unknown;

/** How a world runs the handler. */
export interface HandlerSetup {
  readonly tools: Tools;
  /** Whether a parser leaves its result in `request.body`. */
  readonly parsed: boolean;
  /** Whether the handler waits for something before it answers. */
  readonly pauses: boolean;
  readonly contextOf: (request: never) => HttpContext | undefined;
}

/** Creates a handler of a kind. */
export function nodeHandler<R extends ServerResponse>(
  kind: NodeKind<R>,
  { tools, parsed, pauses, contextOf }: HandlerSetup,
): (request: IncomingMessage, response: R, next: Next) => unknown {
  return (request, response, next) => {
    const log = tools.begin();
    watchNode(log, request, response);
    const answer = (saw: string) => {
      noteRequest(log, request, saw);
      const count = tools.effect();
      const act = <T>(name: string, call: () => T) => noted(log, name, response, call);
      const context = contextOf(request as never);
      const order: Order = { log, tools, request, count, text: JSON.stringify({ order: count, saw }), context, act };
      return pauses ? tools.pause().then(() => kind(order, response, next)) : kind(order, response, next);
    };
    return ending(log, () => (parsed ? answer(parsedText(request)) : readText(request).then(answer)));
  };
}

/** Records the end of a call. The caller still handles a rejection. */
export function ending<T>(log: RunLog, call: () => T): T {
  const end = () => {
    log.ended = true;
  };
  try {
    const result = call();
    if (result instanceof Promise) return result.finally(end) as T;
    end();
    return result;
  } catch (error) {
    end();
    throw error;
  }
}

function parsedText(request: IncomingMessage): string {
  const body: unknown = Reflect.get(request, 'body');
  if (Buffer.isBuffer(body)) return body.toString();
  return typeof body === 'string' ? body : (JSON.stringify(body) ?? 'undefined');
}

/** The content of a stream, or its error. */
export function readText(request: Readable): Promise<string> {
  return new Promise((resolve) => {
    if (request.destroyed) return resolve('GONE');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks).toString()));
    request.on('close', () => resolve(`CUT ${Buffer.concat(chunks).toString()}`));
  });
}

/** Records the request as the handler got it. */
export function noteRequest({ view }: RunLog, request: IncomingMessage, saw: string): void {
  view['body'] = saw;
  view['method'] = request.method;
  view['url'] = request.url;
  view['headers'] = Object.fromEntries(Object.entries(request.headers).sort());
  view['complete'] = request.complete;
  view['aborted'] = request.aborted;
}
