/**
 * What is waited for when the client has gone: the handler may still answer, and the retry gets that, or it has noticed
 * and writes no more.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { TimerHandle, Timers } from '../../core/runtime.ts';

/** What the capture of a response asks its exchange for. */
export interface CaptureParts {
  /** Where the handler's signal is; asked for only when it is needed, since it is made on demand. */
  readonly context: { readonly signal: AbortSignal };
  readonly runtime: { readonly timers: Timers };
  /** An answer whose client has gone counts as given up when nothing was written for a lease. */
  readonly route: { readonly maxResponseBytes: number; readonly settings: { readonly leaseMs: number } };
  /** The properties of a response by which libraries find out that the client has gone. */
  readonly signs: readonly string[];
}

/** True if a connection was closed, and neither by its client nor by a failure of the network. */
export function isCutFromHere({ socket }: ServerResponse): boolean {
  return socket !== null && !socket.readableEnded && !socket.errored;
}

/** What `stream.pipeline` looks at to see whether a response is closed. */
export const signsOfClose: readonly string[] = ['writableFinished', '_closed'];

/**
 * Bounds how long an answer is waited for that nobody waits for any more: calls back when the handler's signal aborts, or
 * when nothing was written for a time.
 */
export class Patience {
  readonly #parts: CaptureParts;
  readonly #giveUp: () => void;
  #timer: TimerHandle;

  constructor(parts: CaptureParts, giveUp: () => void) {
    this.#parts = parts;
    this.#giveUp = giveUp;
    const { signal } = parts.context;
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp);
  }

  /** Counts the time from now. */
  restart(): void {
    this.stop();
    const { runtime, route } = this.#parts;
    this.#timer = runtime.timers.set(this.#giveUp, route.settings.leaseMs);
  }

  stop(): void {
    if (this.#timer !== undefined) this.#parts.runtime.timers.clear(this.#timer);
  }
}

/** The capture of the response. */
export interface Abandoned {
  readonly settled: boolean;
  /** True if the handler may have come to its end without a word. */
  readonly mayBeOver: boolean;
  write(chunk: unknown, encoding: unknown, callback: unknown): boolean;
  end(chunk: unknown, encoding: unknown, callback: unknown): void;
  giveUp(): void;
}

/** See the module. Made when the client goes, before the pipes into the response notice. */
export class ClientGone {
  readonly #capture: Abandoned;
  readonly #patience: Patience;
  #isPiped = false;
  /** True once the handler, or a library that it answers with, has looked whether the response can still be written. */
  isSeen = false;
  /** The handler failed after it had looked, which may be all that is wrong. */
  failedForNobody = false;

  /** @param signs - what the libraries of the framework look at to find out. */
  constructor(response: ServerResponse, capture: Abandoned, patience: Patience, signs: readonly string[]) {
    this.#capture = capture;
    this.#patience = patience;
    response.on('unpipe', (source: Readable) => this.#takeOver(source));
    response.on('pipe', (source: Readable) => this.#follow(source));
    for (const name of signs) this.#watch(response, name);
    this.expectWrites();
  }

  /** Only these responses are watched: the others pay nothing. */
  #watch(response: ServerResponse, name: string): void {
    const own = Object.getOwnPropertyDescriptor(response, name);
    const get = () => {
      if (!this.isSeen) this.#see();
      return own === undefined ? Reflect.get(Object.getPrototypeOf(response), name, response) : own.value;
    };
    Object.defineProperty(response, name, { get, set: () => undefined, configurable: true });
  }

  /** Something was written, or the handler has returned: more has to come within a time. */
  expectWrites(): void {
    const { mayBeOver, settled } = this.#capture;
    if (mayBeOver && !settled && !this.#isPiped) this.#patience.restart();
  }

  /** The handler answers, with this status. */
  beginsToAnswer(status: number): void {
    this.failedForNobody = this.isSeen && status >= 500;
    this.expectWrites();
  }

  #see(): void {
    this.isSeen = true;
    this.expectWrites();
  }

  /** A pipe stops when its destination closes; the rest of its source still belongs to the answer. */
  #takeOver(source: Readable): void {
    this.isSeen = true;
    if (this.#capture.settled || this.#isPiped) return;
    this.#isPiped = true;
    this.#patience.stop();
    source.on('data', (chunk: unknown) => this.#capture.write(chunk, undefined, undefined));
    source.on('end', () => this.#capture.end(undefined, undefined, undefined));
    source.on('close', () => this.#capture.giveUp());
    source.resume();
  }

  /** A pipe that begins when the client has gone; whoever looks at the connection destroys its source. */
  #follow(source: Readable): void {
    this.isSeen = true;
    this.#isPiped = true;
    this.#patience.stop();
    source.once('close', () => {
      this.#isPiped = false;
      if (source.readableEnded) this.expectWrites();
      else this.#capture.giveUp();
    });
  }
}
