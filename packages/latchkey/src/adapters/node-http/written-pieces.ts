/**
 * An answer in several writes, which are sent as they are written and gathered.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';
import { ByteGatherer } from '../../http/response/byte-gatherer.ts';
import { acknowledge, type EndCall } from './held-end.ts';
import { isDestroyed } from './response-head.ts';
import type { Originals } from './response-overrides.ts';

/** An answer in several writes. */
export class WrittenPieces {
  readonly #response: ServerResponse;
  readonly #originals: Originals;
  readonly #gatherer: ByteGatherer;

  constructor(response: ServerResponse, originals: Originals, maxBytes: number) {
    this.#response = response;
    this.#originals = originals;
    this.#gatherer = new ByteGatherer(maxBytes);
  }

  /** The number of bytes written, including dropped ones. */
  get size(): number {
    return this.#gatherer.size;
  }

  /** Returns everything that was written, plus a last piece that has not been sent. */
  whole(last?: Uint8Array): Uint8Array {
    if (last !== undefined) this.#gatherer.add(last);
    return this.#gatherer.whole();
  }

  /** Writes a piece. False if the writer should wait until the connection has accepted it. */
  forward(bytes: Uint8Array, [chunk, encoding, callback]: EndCall): boolean {
    const gatherer = this.#gatherer;
    // The writer may reuse its buffer as soon as the write is acknowledged.
    if (!gatherer.tooLarge) gatherer.add(typeof chunk === 'string' ? bytes : Buffer.from(bytes));
    if (isDestroyed(this.#response)) return acknowledge(encoding, callback);
    const flowing = this.#originals.write.call(this.#response, chunk, encoding, callback);
    // Gathered data is in memory anyway: delaying the handler would only make storing depend on the client.
    return flowing || !gatherer.tooLarge;
  }
}
