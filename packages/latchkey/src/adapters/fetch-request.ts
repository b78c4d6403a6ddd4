/**
 * A plain view of a Fetch API request.
 *
 * @module
 */

import type { Timers } from '../core/runtime.ts';
import type { RequestBody, RequestView } from '../http/exchange.ts';
import { ByteGatherer } from './byte-gatherer.ts';

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
  /** The body has the length that its client announced. */
  #hasItsLength = false;

  constructor(parts: FetchRequestParts<Native>) {
    const { native, request } = parts;
    this.native = native;
    this.#parts = parts;
    // Of the methods in small letters a Request corrects some, but not patch.
    this.method = request.method.toUpperCase();
    this.target = targetOf(request.url);
  }

  /**
   * False if the body ended because its client left. `@hono/node-server` ends a body over HTTP/2 that was broken off as if
   * it were whole, and aborts the request's signal soon after.
   */
  get isWhole(): boolean {
    return this.#hasItsLength || !this.#parts.request.signal.aborted;
  }

  /** Fetch joins repeated lines with a comma, which no valid key holds unquoted: the layer refuses both alike. */
  fields(name: string): readonly string[] {
    const value = this.#parts.request.headers.get(name);
    return value === null ? none : [value];
  }

  async body(limitBytes: number): Promise<RequestBody> {
    const { request, timers } = this.#parts;
    const length = request.headers.get('content-length');
    const body = await this.#read(limitBytes, Number(length));
    this.#hasItsLength = body === noBytes || (length !== null && hasLength(body, Number(length)));
    if (length === null || body.kind === 'bytes') {
      for (let turn = 0; turn < turnsUntilAborted && !this.#hasItsLength; turn += 1) await nextTurn(timers);
    }
    return this.isWhole ? body : { kind: 'broken' };
  }

  #read(limitBytes: number, length: number): RequestBody | Promise<RequestBody> {
    const { request, parsed } = this.#parts;
    if (request.bodyUsed) return parsed?.() ?? { kind: 'consumed' };
    if (length > limitBytes) return { kind: 'too-large' };
    // Of the clone's two branches the handler keeps the original, which may be a framework's own kind of Request.
    const { body } = request.clone();
    return body === null ? noBytes : readBounded(body, limitBytes);
  }
}

/** How many turns of the event loop the signal's abort may come after the end of the body: measured on Node, plus one. */
const turnsUntilAborted = 3;

function nextTurn(timers: Timers): Promise<void> {
  return new Promise((resolve) => {
    timers.set(resolve, 0);
  });
}

function hasLength(body: RequestBody, length: number): boolean {
  return body.kind === 'bytes' && body.bytes.length >= length;
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
