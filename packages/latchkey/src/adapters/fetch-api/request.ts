/**
 * Reads a Fetch API request for the guard.
 *
 * @module
 */

import type { Timers } from '../../core/runtime.ts';
import type { RequestBody } from '../../http/exchange.ts';
import { ByteGatherer } from '../../http/response/byte-gatherer.ts';

const none: readonly string[] = [];
const noBytes: RequestBody = { kind: 'bytes', bytes: new Uint8Array(0) };

/** The sources of a body. */
interface BodyParts {
  readonly request: Request;
  /** The body that the framework kept when it was read before the guard. */
  readonly parsed?: () => RequestBody | Promise<RequestBody>;
}

/**
 * Fetch joins repeated lines with a comma, which no valid key contains unquoted, so the guard refuses repeated lines
 * too.
 */
export function headerLines({ headers }: Request, lowerName: string): readonly string[] {
  const value = headers.get(lowerName);
  return value === null ? none : [value];
}

/** Reads a body and leaves it for the handler. */
export async function readFetchBody(parts: BodyParts, limitBytes: number, timers: Timers): Promise<RequestBody> {
  const body = await read(parts, limitBytes);
  return (await isBrokenOff(parts, body, timers)) ? { kind: 'broken' } : body;
}

function read({ request, parsed }: BodyParts, limitBytes: number): RequestBody | Promise<RequestBody> {
  if (request.bodyUsed) return parsed?.() ?? { kind: 'consumed' };
  if (Number(request.headers.get('content-length')) > limitBytes) return { kind: 'too-large' };
  // The guard reads the clone. The handler keeps the original, which may be a framework's own kind of Request.
  const { body } = request.clone();
  return body === null ? noBytes : readBounded(body, limitBytes);
}

/**
 * Over HTTP/2, `@hono/node-server` ends a body that its client aborted as if it were complete, and aborts the request's
 * signal soon after. Over HTTP/1.1 an aborted chunked body is an error.
 */
async function isBrokenOff({ request }: BodyParts, body: RequestBody, timers: Timers): Promise<boolean> {
  const length = request.headers.get('content-length');
  if (body === noBytes || hasLength(body, length) || request.headers.has('transfer-encoding')) return false;
  // A body that could be parsed is complete, except for a form that was cut off between two members, which is too rare
  // to make all others wait.
  const turns = body.kind === 'value' && length !== null ? 0 : turnsUntilAborted;
  for (let turn = 0; turn < turns; turn += 1) await nextTurn(timers);
  return request.signal.aborted;
}

/**
 * The number of turns of the event loop by which the abort may follow the end of the body: measured on Node, plus one.
 */
const turnsUntilAborted = 3;

function nextTurn(timers: Timers): Promise<void> {
  return new Promise((resolve) => {
    timers.set(resolve, 0);
  });
}

/** Whether the body has the length that its client announced. */
function hasLength(body: RequestBody, length: string | null): boolean {
  return length !== null && body.kind === 'bytes' && body.bytes.length >= Number(length);
}

/** Path and query. */
export function targetOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3);
  if (start === -1) return '/';
  const fragment = url.indexOf('#', start);
  return fragment === -1 ? url.slice(start) : url.slice(start, fragment);
}

async function readBounded(body: ReadableStream<Uint8Array>, limitBytes: number): Promise<RequestBody> {
  const gatherer = new ByteGatherer(limitBytes);
  const reader = body.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      gatherer.add(read.value);
      if (gatherer.tooLarge) return abandon(reader);
    }
  } catch {
    return { kind: 'broken' };
  }
  return { kind: 'bytes', bytes: gatherer.whole() };
}

/** Doesn't wait: cancelling one branch of a stream resolves only when the other branch is cancelled too. */
function abandon(reader: ReadableStreamDefaultReader<Uint8Array>): RequestBody {
  reader.cancel().catch(() => undefined);
  return { kind: 'too-large' };
}
