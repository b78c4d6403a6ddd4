/**
 * Reads a body that is not tapped and puts it back into its stream.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import type { RequestBody } from '../../http/exchange.ts';
import { hasLength, isComplete, isFedByNode } from './request.ts';

const tooLarge: RequestBody = { kind: 'too-large' };
const consumed: RequestBody = { kind: 'consumed' };
const broken: RequestBody = { kind: 'broken' };

const putBack = Symbol('latchkey.putBack');

/** A request whose body was read and put back, with the number of its bytes. */
interface Restored extends IncomingMessage {
  [putBack]?: { readonly body: RequestBody; readonly bytes: number };
}

/** Returns a body that was put back into its stream and not read since: `peek` has read it before the guard. */
export function bodyPutBack(request: IncomingMessage): RequestBody | undefined {
  const { [putBack]: known }: Restored = request;
  return known !== undefined && request.readableLength >= known.bytes ? known.body : undefined;
}

/** Returns the body of an unread request. */
export async function readStream(request: IncomingMessage, limitBytes: number): Promise<RequestBody> {
  if (Number(request.headers['content-length']) > limitBytes) return tooLarge;
  // A small body arrives together with the head, and is complete as soon as the parser has finished.
  await undefined;
  if (request.destroyed) return broken;
  return new BodyReader(request, limitBytes).read();
}

/**
 * True if these bytes are the complete body. Node's own requests have all of it when they are `complete`. Requests of
 * Lambda adapters are `complete` from the start and get their body only when it is read.
 */
function isWhole(request: IncomingMessage, bytes: number): boolean {
  if (hasLength(request, bytes)) return true;
  return isComplete(request) && (bytes > 0 || isFedByNode(request));
}

/**
 * Reads in paused mode. As soon as the message is complete, it puts everything back synchronously, before the stream
 * can emit `end`.
 */
class BodyReader {
  readonly #request: IncomingMessage;
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #resolve: ((body: RequestBody) => void) | undefined;

  constructor(request: IncomingMessage, limit: number) {
    this.#request = request;
    this.#limit = limit;
  }

  read(): RequestBody | Promise<RequestBody> {
    const found = this.#request.readableLength > 0 || isWhole(this.#request, this.#size) ? this.#take() : undefined;
    return found ?? this.#wait();
  }

  #wait(): Promise<RequestBody> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#request.on('readable', this.#onReadable);
      this.#request.on('close', this.#onClose);
      this.#request.on('end', this.#onEnd);
    });
  }

  readonly #onReadable = () => {
    const found = this.#take();
    if (found !== undefined) this.#finish(found);
  };

  readonly #onClose = () => this.#finish(broken);

  /** Too late to put anything back. */
  readonly #onEnd = () => this.#finish(this.#request.aborted ? broken : consumed);

  /** Takes the data that has arrived; returns the body once it is known. */
  #take(): RequestBody | undefined {
    this.#drain();
    if (this.#size > this.#limit) return this.#putBack(tooLarge);
    if (!isWhole(this.#request, this.#size)) return undefined;
    const bytes = this.#joined();
    this.#chunks = [bytes];
    return this.#putBack({ kind: 'bytes', bytes });
  }

  /** Doesn't touch an ended stream without data: reading it would make it emit `end` without listeners. */
  #drain(): void {
    const request = this.#request;
    while (request.readableLength > 0) {
      const chunk: Buffer | string | null = request.read();
      if (chunk === null) return;
      this.#add(chunk);
    }
  }

  #add(chunk: Buffer | string): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, this.#request.readableEncoding ?? 'utf8') : chunk;
    this.#chunks.push(bytes);
    this.#size += bytes.length;
  }

  #putBack(body: RequestBody): RequestBody {
    if (this.#size === 0) return body;
    this.#request.unshift(this.#joined());
    (this.#request as Restored)[putBack] = { body, bytes: this.#size };
    return body;
  }

  #joined(): Buffer {
    const [first, second] = this.#chunks;
    return first !== undefined && second === undefined ? first : Buffer.concat(this.#chunks, this.#size);
  }

  #finish(body: RequestBody): void {
    this.#request.off('readable', this.#onReadable);
    this.#request.off('close', this.#onClose);
    this.#request.off('end', this.#onEnd);
    this.#resolve?.(body);
  }
}
