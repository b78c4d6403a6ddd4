/**
 * An answer that is written in pieces: they go out as they are written, and are gathered on their way.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';
import { ByteGatherer } from '../../http/response/byte-gatherer.ts';
import { acknowledge, type EndCall } from './held-end.ts';
import { isDestroyed } from './response-head.ts';
import type { Originals } from './response-overrides.ts';

/** See the module. */
export class WrittenPieces {
  readonly #response: ServerResponse;
  readonly #originals: Originals;
  readonly #gatherer: ByteGatherer;

  constructor(response: ServerResponse, originals: Originals, maxBytes: number) {
    this.#response = response;
    this.#originals = originals;
    this.#gatherer = new ByteGatherer(maxBytes);
  }

  /** How much was written, what was let go included. */
  get size(): number {
    return this.#gatherer.size;
  }

  /** Everything that was written, with a last piece that has not gone out. */
  whole(last?: Uint8Array): Uint8Array {
    if (last !== undefined) this.#gatherer.add(last);
    return this.#gatherer.whole();
  }

  /** Writes a piece. False if the writer should wait until the connection has taken it. */
  forward(bytes: Uint8Array, [chunk, encoding, callback]: EndCall): boolean {
    const gatherer = this.#gatherer;
    // The writer may use its buffer again as soon as the write is acknowledged.
    if (!gatherer.tooLarge) gatherer.add(typeof chunk === 'string' ? bytes : Buffer.from(bytes));
    if (isDestroyed(this.#response)) return acknowledge(encoding, callback);
    const flowing = this.#originals.write.call(this.#response, chunk, encoding, callback);
    // What is gathered is in memory anyway: holding the handler up would only make storing depend on the client.
    return flowing || !gatherer.tooLarge;
  }
}
