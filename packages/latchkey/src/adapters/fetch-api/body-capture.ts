/**
 * Captures the body of a Fetch API response.
 *
 * It is read at the speed of its source. If it ends within a turn of the event loop it is held whole; if not, it
 * goes through as it comes, with only its end held back.
 *
 * @module
 */

import type { TimerHandle, Timers } from '../../core/runtime.ts';
import type { CapturedResponse } from '../../http/exchange.ts';
import { ByteGatherer } from '../../http/response/byte-gatherer.ts';

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
  /** How long nothing may come from the source, or go to the client, while nobody reads; in milliseconds. */
  readonly silenceMs: number;
}

/** One body on its way. */
export class FetchBodyCapture {
  /** Resolves when the source has ended, can't go on, or is waited for no longer. Never rejects. */
  readonly ended: Promise<CapturedResponse['state']>;
  readonly #options: BodyCaptureOptions;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #gatherer: ByteGatherer;
  #waiting: Uint8Array[] = [];
  #controller: Controller | undefined;
  /** The client waits for more. */
  #isRead = false;
  #cancelled = false;
  #sourceEnded = false;
  /** The answer is decided: what still comes goes through, its end too. */
  #released = false;
  #error: unknown;
  #silence: TimerHandle;
  #wake: () => void = () => {};
  #settle: (state: CapturedResponse['state']) => void = () => {};

  constructor(body: ReadableStream<Uint8Array>, options: BodyCaptureOptions) {
    this.#options = options;
    this.#gatherer = new ByteGatherer(options.maxResponseBytes);
    this.#reader = body.getReader();
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    void this.#pump();
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

  /**
   * The body for the client: what has come and what comes. It stays open until `close` or `cut`. It asks for more only
   * when somebody reads it, so that a body that nobody reads is known.
   */
  open(): ReadableStream<Uint8Array> {
    const source: UnderlyingDefaultSource<Uint8Array> = {
      start: (controller) => {
        this.#controller = controller;
        this.#flush();
        this.#expect();
      },
      pull: () => {
        this.#isRead = true;
        this.#expect();
        this.#wake();
      },
      cancel: () => this.#cancel(),
    };
    return new ReadableStream(source, { highWaterMark: 0 });
  }

  /** Lets the end go, as soon as it is there. */
  close(): void {
    this.#released = true;
    this.#flush();
    if (this.#sourceEnded) this.#end();
  }

  /** Breaks the body off, so that the client knows that it isn't whole. */
  cut(reason: unknown): void {
    if (!this.#cancelled) this.#controller?.error(reason);
    this.#cancel();
  }

  async #pump(): Promise<void> {
    try {
      for (let read = await this.#reader.read(); !read.done; read = await this.#reader.read()) {
        this.#add(read.value);
        if (this.#gatherer.tooLarge) await this.#room();
        if (this.#gatherer.tooLarge && this.#cancelled) this.#cancelSource();
      }
    } catch (error) {
      this.#error ??= error ?? new Error('The response body ended early.');
    }
    this.#sourceEnded = true;
    this.#expect();
    this.#settle(this.#state());
    if (this.#released) this.#end();
  }

  #state(): CapturedResponse['state'] {
    if (this.#error !== undefined) return 'broken';
    if (this.#gatherer.tooLarge) return 'too-large';
    return this.#gatherer.size < this.#options.declaredLength ? 'broken' : 'whole';
  }

  #add(chunk: Uint8Array): void {
    this.#gatherer.add(chunk);
    this.#waiting.push(chunk);
    const { declaredLength } = this.#options;
    if (this.#released || this.#gatherer.size < declaredLength || Number.isNaN(declaredLength)) this.#flush();
    this.#expect();
  }

  #flush(): void {
    if (this.#controller === undefined || this.#waiting.length === 0) return;
    this.#isRead = false;
    if (!this.#cancelled) for (const chunk of this.#waiting) this.#controller.enqueue(chunk);
    this.#waiting = [];
  }

  #cancel(): void {
    this.#cancelled = true;
    this.#expect();
    this.#wake();
  }

  /** Doesn't wait: a source may take its time to clean up. */
  #cancelSource(reason?: unknown): void {
    this.#reader.cancel(reason).catch(() => undefined);
  }

  #end(): void {
    if (this.#error !== undefined) this.cut(this.#error);
    else if (!this.#cancelled) this.#controller?.close();
  }

  /** Past the limit nothing is gathered any more, and the client's speed is the source's. */
  async #room(): Promise<void> {
    while (!this.#cancelled && !this.#isRead) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** From now on something has to come, or to be read, within a time, unless the client is there and waits. */
  #expect(): void {
    const { timers, silenceMs } = this.#options;
    if (this.#silence !== undefined) timers.clear(this.#silence);
    this.#silence = undefined;
    const isHeard = this.#isRead && !this.#cancelled;
    if (this.#controller === undefined || this.#sourceEnded || this.#released || isHeard) return;
    this.#silence = timers.set(() => this.#giveUp(), silenceMs);
  }

  /** A client that is only slow gets the rest, but the record does not wait for that. */
  #giveUp(): void {
    if (this.#gatherer.tooLarge) this.#settle('too-large');
    else {
      this.#error = new Error('The response body stalled, and nobody read it.');
      this.#settle('broken');
      this.#cancelSource(this.#error);
    }
  }
}
