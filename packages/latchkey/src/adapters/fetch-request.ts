/**
 * A plain view of a Fetch API request.
 *
 * @module
 */

import type { RequestBody, RequestView } from '../http/exchange.ts';
import { ByteGatherer } from './byte-gatherer.ts';

const none: readonly string[] = [];

/** @typeParam Native - what the functions of a route are given. */
export class FetchRequestView<Native> implements RequestView<Native> {
  readonly method: string;
  readonly target: string;
  readonly native: Native;
  readonly #request: Request;
  readonly #parsed: (limitBytes: number) => RequestBody | Promise<RequestBody>;

  /** @param parsed - what the framework kept of a body that was read before. */
  constructor(
    native: Native,
    request: Request,
    parsed: (limitBytes: number) => RequestBody | Promise<RequestBody> = () => ({ kind: 'consumed' }),
  ) {
    this.native = native;
    this.#request = request;
    this.#parsed = parsed;
    // Of the methods in small letters a Request corrects some, but not patch.
    this.method = request.method.toUpperCase();
    this.target = targetOf(request.url);
  }

  /** Fetch joins repeated lines with a comma, which no valid key holds unquoted: the layer refuses both alike. */
  fields(name: string): readonly string[] {
    const value = this.#request.headers.get(name);
    return value === null ? none : [value];
  }

  async body(limitBytes: number): Promise<RequestBody> {
    if (this.#request.bodyUsed) return this.#parsed(limitBytes);
    if (Number(this.#request.headers.get('content-length')) > limitBytes) return { kind: 'too-large' };
    // Of the clone's two branches the handler keeps the original, which may be a framework's own kind of Request.
    const { body } = this.#request.clone();
    return body === null ? { kind: 'bytes', bytes: new Uint8Array(0) } : readBounded(body, limitBytes);
  }
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
