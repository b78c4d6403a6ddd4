/**
 * Decides how long to wait when the client has disconnected: the handler may still answer (a retry gets that answer),
 * or it has noticed and writes no more.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { TimerHandle, Timers } from '../../core/runtime.ts';
import type { Header } from '../../http/exchange.ts';
import type { Owner } from '../outer-answer.ts';

/** The parts of an exchange that the capture of a response needs. */
export interface CaptureParts extends Owner {
  /** Holds the handler's signal, which is read only when needed, since it is created on demand. */
  readonly context: { readonly signal: AbortSignal };
  readonly runtime: { readonly timers: Timers };
  /** An answer whose client has disconnected counts as abandoned if nothing is written for the length of a lease. */
  readonly route: { readonly maxResponseBytes: number; readonly settings: { readonly leaseMs: number } };
  /** The header with the client's key, in a dialect that sends it back. */
  readonly echoed: readonly Header[];
  /** The properties of a response from which libraries detect that the client has disconnected. */
  readonly signs: readonly string[];
}

/** True if a connection was closed neither by its client nor by a network failure. */
export function isCutFromHere({ socket }: ServerResponse): boolean {
  return socket !== null && !socket.readableEnded && !socket.errored;
}

/** The internal state that `stream.pipeline` reads to see whether a response is closed. */
export const signsOfClose: readonly string[] = ['writableFinished', '_closed'];

/**
 * Limits the wait for an answer whose client has disconnected: calls back when the handler's signal aborts, or when
 * nothing is written for a time.
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

  /** Restarts the time from now. */
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
  /** True if the handler may have ended without answering. */
  readonly mayBeOver: boolean;
  write(chunk: unknown, encoding: unknown, callback: unknown): boolean;
  end(chunk: unknown, encoding: unknown, callback: unknown): void;
  giveUp(): void;
}

/**
 * Watches a response whose client has disconnected. Created on disconnection, before the pipes into the response notice
 * it.
 */
export class ClientGone {
  readonly #capture: Abandoned;
  readonly #patience: Patience;
  #isPiped = false;
  /** True once the handler, or a library that it uses, has checked whether the response is still writable. */
  isSeen = false;
  /** True if the handler failed after that check; the disconnection may be the only reason. */
  failedForNobody = false;

  /** @param signs - the properties that the framework's libraries check to detect this. */
  constructor(response: ServerResponse, capture: Abandoned, patience: Patience, signs: readonly string[]) {
    this.#capture = capture;
    this.#patience = patience;
    response.on('unpipe', (source: Readable) => this.#takeOver(source));
    response.on('pipe', (source: Readable) => this.#follow(source));
    for (const name of signs) this.#watch(response, name);
    this.expectWrites();
  }

  /** Only these responses are watched; others have no overhead. */
  #watch(response: ServerResponse, name: string): void {
    const own = Object.getOwnPropertyDescriptor(response, name);
    const get = () => {
      if (!this.isSeen) this.#see();
      return own === undefined ? Reflect.get(Object.getPrototypeOf(response), name, response) : own.value;
    };
    Object.defineProperty(response, name, { get, set: () => undefined, configurable: true });
  }

  /** Called after a write, or when the handler has returned: the next write must follow within a time limit. */
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

  /** A pipe stops when its destination closes, but the rest of its source still belongs to the answer. */
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

  /**
   * Handles a pipe that begins after the client has disconnected; code that checks the connection destroys its source.
   */
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
