/**
 * A plain view of a Fetch API request.
 *
 * @module
 */

import type { Timers } from '../../core/runtime.ts';
import type { RequestBody, RequestView } from '../../http/exchange.ts';
import { ByteGatherer } from '../../http/response/byte-gatherer.ts';

const none: readonly string[] = [];
const noBytes: RequestBody = { kind: 'bytes', bytes: new Uint8Array(0) };

/** What an adapter brings. */
export interface FetchRequestParts<Native> {
  /** What the functions of a route are given. */
  readonly native: Native;
  readonly request: Request;
  readonly timers: Timers;
  /** What the framework kept of a body that was read before. */
  readonly parsed?: () => RequestBody | Promise<RequestBody>;
}

/** One request, as the layer sees it. */
export class FetchRequestView<Native> implements RequestView<Native> {
  readonly method: string;
  readonly target: string;
  readonly native: Native;
  readonly #parts: FetchRequestParts<Native>;

  constructor(parts: FetchRequestParts<Native>) {
    const { native, request } = parts;
    this.native = native;
    this.#parts = parts;
    // Of the methods in small letters a Request corrects some, but not patch.
    this.method = request.method.toUpperCase();
    this.target = targetOf(request.url);
  }

  /** Fetch joins repeated lines with a comma, which no valid key holds unquoted: the layer refuses both alike. */
  headers(name: string): readonly string[] {
    const value = this.#parts.request.headers.get(name);
    return value === null ? none : [value];
  }

  async body(limitBytes: number): Promise<RequestBody> {
    const body = await this.#read(limitBytes);
    return (await this.#isBrokenOff(body)) ? { kind: 'broken' } : body;
  }

  #read(limitBytes: number): RequestBody | Promise<RequestBody> {
    const { request, parsed } = this.#parts;
    if (request.bodyUsed) return parsed?.() ?? { kind: 'consumed' };
    if (Number(request.headers.get('content-length')) > limitBytes) return { kind: 'too-large' };
    // Of the clone's two branches the handler keeps the original, which may be a framework's own kind of Request.
    const { body } = request.clone();
    return body === null ? noBytes : readBounded(body, limitBytes);
  }

  /**
   * `@hono/node-server` ends a body over HTTP/2 that its client broke off as if it were whole, and aborts the request's
   * signal soon after. Over HTTP/1.1 a chunked body that broke off is an error.
   */
  async #isBrokenOff(body: RequestBody): Promise<boolean> {
    const { request, timers } = this.#parts;
    const length = request.headers.get('content-length');
    if (body === noBytes || hasLength(body, length) || request.headers.has('transfer-encoding')) return false;
    // What could be parsed is whole, but for a form that was cut between two members: too rare to make all others wait.
    const turns = body.kind === 'value' && length !== null ? 0 : turnsUntilAborted;
    for (let turn = 0; turn < turns; turn += 1) await nextTurn(timers);
    return request.signal.aborted;
  }
}

/** How many turns of the event loop the signal's abort may come after the end of the body: measured on Node, plus one. */
const turnsUntilAborted = 3;

function nextTurn(timers: Timers): Promise<void> {
  return new Promise((resolve) => {
    timers.set(resolve, 0);
  });
}

/** Whether it has the length that its client announced. */
function hasLength(body: RequestBody, length: string | null): boolean {
  return length !== null && body.kind === 'bytes' && body.bytes.length >= Number(length);
}

/** Path and query. */
function targetOf(url: string): string {
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

/** Doesn't wait: of two branches of a stream, the cancelling of one resolves only with the other's. */
function abandon(reader: ReadableStreamDefaultReader<Uint8Array>): RequestBody {
  reader.cancel().catch(() => undefined);
  return { kind: 'too-large' };
}
