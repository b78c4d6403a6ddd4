/**
 * Captures the body of a Fetch API response.
 *
 * It is read at the speed of its source. If it ends within a turn of the event loop it is held whole; if not, it
 * goes through as it comes, with only its end held back.
 *
 * @module
 */

import type { Timers } from '../core/runtime.ts';
import type { CapturedResponse } from '../http/exchange.ts';
import { ByteGatherer } from './byte-gatherer.ts';

type Controller = ReadableStreamDefaultController<Uint8Array>;

/** What a capture needs beside the body. */
export interface BodyCaptureOptions {
  readonly maxResponseBytes: number;
  /**
   * The Content-Length that the handler set, or NaN: the client takes the body for complete once it has that many bytes,
   * and a body that ends before is not whole.
   */
  readonly declaredLength: number;
  readonly timers: Timers;
}

/** One body on its way. */
export class FetchBodyCapture {
  /** Resolves when the source has ended, or can't go on. Never rejects. */
  readonly ended: Promise<CapturedResponse['state']>;
  readonly #options: BodyCaptureOptions;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #gatherer: ByteGatherer;
  #waiting: Uint8Array[] = [];
  #controller: Controller | undefined;
  #cancelled = false;
  #error: unknown;
  #wake: () => void = () => {};

  constructor(body: ReadableStream<Uint8Array>, options: BodyCaptureOptions) {
    this.#options = options;
    this.#gatherer = new ByteGatherer(options.maxResponseBytes);
    this.#reader = body.getReader();
    this.ended = this.#pump();
  }

  /** True if the body has ended by the next turn. */
  endsAtOnce(): Promise<boolean> {
    const { timers } = this.#options;
    return new Promise((resolve) => {
      const timer = timers.set(() => resolve(false), 0);
      void this.ended.then(() => {
        timers.clear(timer);
        resolve(true);
      });
    });
  }

  /** True if `whole` gives everything that the source had. */
  get isWhole(): boolean {
    return this.#error === undefined && !this.#gatherer.tooLarge;
  }

  /** All of it, once it has ended, unless it was too much. */
  whole(): Uint8Array {
    return this.#gatherer.whole();
  }

  /** The body for the client: what has come and what comes. It stays open until `close` or `cut`. */
  open(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
        this.#flush();
        this.#wake();
      },
      pull: () => this.#wake(),
      cancel: () => {
        this.#cancelled = true;
        this.#wake();
      },
    });
  }

  /** Lets the end go. */
  close(): void {
    if (this.#error === undefined) {
      this.#flush();
      if (!this.#cancelled) this.#controller?.close();
    } else {
      this.cut(this.#error);
    }
  }

  /** Breaks the body off, so that the client knows that it isn't whole. */
  cut(reason: unknown): void {
    if (!this.#cancelled) this.#controller?.error(reason);
  }

  async #pump(): Promise<CapturedResponse['state']> {
    try {
      for (let read = await this.#reader.read(); !read.done; read = await this.#reader.read()) {
        this.#add(read.value);
        if (this.#gatherer.tooLarge) await this.#room();
        if (this.#gatherer.tooLarge && this.#cancelled) await this.#reader.cancel();
      }
      if (this.#gatherer.tooLarge) return 'too-large';
      return this.#gatherer.size < this.#options.declaredLength ? 'broken' : 'whole';
    } catch (error) {
      this.#error = error ?? new Error('The response body broke off.');
      return 'broken';
    }
  }

  #add(chunk: Uint8Array): void {
    this.#gatherer.add(chunk);
    this.#waiting.push(chunk);
    if (this.#gatherer.size < this.#options.declaredLength || Number.isNaN(this.#options.declaredLength)) this.#flush();
  }

  #flush(): void {
    if (this.#controller === undefined) return;
    if (!this.#cancelled) for (const chunk of this.#waiting) this.#controller.enqueue(chunk);
    this.#waiting = [];
  }

  /** Past the limit nothing is gathered any more, and the client's speed is the source's. */
  async #room(): Promise<void> {
    while (!this.#cancelled && (this.#controller?.desiredSize ?? 0) <= 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
