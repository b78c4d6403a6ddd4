/**
 * Captures the body of a Fetch API response. The body is read at the speed of its source. If it ends within a turn of
 * the event loop, it is held completely; otherwise it passes through as it arrives, and only its end is held.
 *
 * @module
 */

import type { TimerHandle, Timers } from '../../core/runtime.ts';
import type { CapturedResponse } from '../../http/exchange.ts';
import { ByteGatherer } from '../../http/response/byte-gatherer.ts';

type Controller = ReadableStreamDefaultController<Uint8Array>;

/** The parameters of a capture besides the body. */
export interface BodyCaptureOptions {
  readonly maxResponseBytes: number;
  /**
   * The Content-Length that the handler set, or NaN. The client treats the body as complete once it has that many
   * bytes; a body that ends earlier is incomplete.
   */
  readonly declaredLength: number;
  readonly timers: Timers;
  /** Maximum time in milliseconds without data from the source, or without a read by the client. */
  readonly silenceMs: number;
}

/** One body in transit. */
export class FetchBodyCapture {
  /** Resolves when the source has ended or failed, or when the capture has stopped waiting for it. Never rejects. */
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
  /** The answer is decided: remaining data, and the end, pass through. */
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

  /** True if `whole` returns everything that the source had. */
  get isWhole(): boolean {
    return this.#error === undefined && !this.#gatherer.tooLarge;
  }

  /** Returns the complete body once it has ended, unless it was too long. */
  whole(): Uint8Array {
    return this.#gatherer.whole();
  }

  /**
   * Returns the body for the client, from its beginning. It stays open until `close` or `cut`. It requests more data
   * only when the client reads, so that an unread body is detected.
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

  /** Sends the end as soon as it arrives. */
  close(): void {
    this.#released = true;
    this.#flush();
    if (this.#sourceEnded) this.#end();
  }

  /** Aborts the body, so the client knows that it is incomplete. */
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

  /** Doesn't wait: a source may take long to clean up. */
  #cancelSource(reason?: unknown): void {
    this.#reader.cancel(reason).catch(() => undefined);
  }

  #end(): void {
    if (this.#error !== undefined) this.cut(this.#error);
    else if (!this.#cancelled) this.#controller?.close();
  }

  /** Past the limit nothing is gathered, and the source is read at the client's speed. */
  async #room(): Promise<void> {
    while (!this.#cancelled && !this.#isRead) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** From now on, data must arrive or be read within a time limit, unless the client is waiting for data. */
  #expect(): void {
    const { timers, silenceMs } = this.#options;
    if (this.#silence !== undefined) timers.clear(this.#silence);
    this.#silence = undefined;
    const isHeard = this.#isRead && !this.#cancelled;
    if (this.#controller === undefined || this.#sourceEnded || this.#released || isHeard) return;
    this.#silence = timers.set(() => this.#giveUp(), silenceMs);
  }

  /** A slow client still gets the rest, but the record does not wait for it. */
  #giveUp(): void {
    if (this.#gatherer.tooLarge) this.#settle('too-large');
    else {
      this.#error = new Error('The response body stalled, and nobody read it.');
      this.#settle('broken');
      this.#cancelSource(this.#error);
    }
  }
}
