/**
 * Distinguishes the response of the handlers after the guard from a response of middleware before it. Timeout
 * middleware may answer while the handlers still run. Hono puts that answer into the same context and drops the
 * handlers' response. The guard therefore uses the asynchronous context to determine which code sets `c.res`. Once
 * middleware before the guard has answered, `c` has two sides: the middleware's side, and the handlers' side, which
 * looks as if there were no answer yet.
 *
 * @module
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context, Next } from 'hono';
import { passedOn } from '../../http/response/fetch-response.ts';

const behind = new AsyncLocalStorage<HandlerSide>();

type HonoContext = Pick<Context, 'res' | 'finalized' | 'header'>;

const sideOf = Symbol('latchkey.side');

interface Divided extends HonoContext {
  [sideOf]: HandlerSide;
}

/**
 * Shared by all requests: accessors of its own would give each context a hidden class of its own, which keeps what they
 * refer to alive until the next full collection.
 */
const resProperty = {
  get(this: Divided): Response {
    return this[sideOf].response;
  },
  set(this: Divided, response: Response | undefined) {
    this[sideOf].set(response);
  },
  configurable: true,
};

/** Takes the place of `c.header` while the handlers run. */
function header(this: Divided, ...args: HeaderArguments): void {
  this[sideOf].setHeader(args);
}

/** The handlers' side of one request, from before they run until `leave`. */
export class HandlerSide {
  readonly #c: HonoContext;
  readonly #prototype: object;
  readonly #header: HonoContext['header'];
  /** `context.finish` sends the answer before the handlers end; `c.res` is that answer then. */
  #hasLeft = false;
  #hasEnded = false;
  /** Whether another guard, before this one, manages the context. */
  readonly #isWatched: boolean;
  /** The answer of middleware before the guard. */
  #front: Response | undefined;
  /**
   * The headers that middleware before the guard has set while the handlers run: they belong to the answer that
   * follows.
   */
  readonly #namesInFront: string[] = [];
  /** Whether the handlers have a response. Until middleware before the guard answers, `c.finalized` has this value. */
  #isFinalized = false;

  constructor(c: HonoContext) {
    this.#c = c;
    this.#prototype = Object.getPrototypeOf(c);
    this.#header = c.header;
    this.#isWatched = Object.hasOwn(c, 'res');
  }

  /** Resolves with the handlers' response. */
  async run(next: Next): Promise<Response> {
    if (this.#isWatched) {
      await next();
      return this.#hasLeft ? new Response(null) : this.#c.res;
    }
    if (this.#c.finalized) this.#divide(this.#c.res, new Response(null));
    (this.#c as Divided)[sideOf] = this;
    Object.defineProperty(this.#c, 'res', resProperty);
    this.#c.header = header;
    try {
      await behind.run(this, next);
    } finally {
      this.#hasEnded = true;
    }
    if (this.#hasLeft) return new Response(null);
    if (this.#front !== undefined && !this.#isFinalized) throw new Error('The handler returned no response.');
    return this.#response;
  }

  /**
   * Restores the context. Returns false if middleware before the guard has answered, so no other answer can be sent.
   */
  leave(): boolean {
    this.#hasLeft = true;
    if (this.#isWatched) return true;
    if (this.#hasEnded) this.#c.header = this.#header;
    else this.#detach();
    if (this.#front === undefined) return true;
    Object.defineProperty(this.#c, 'finalized', { value: true, writable: true, configurable: true, enumerable: true });
    this.#replace(this.#front);
    return false;
  }

  /** `c.res`, as the current code sees it. */
  get response(): Response {
    return this.#front === undefined || this.#isBehind ? this.#response : this.#front;
  }

  set(response: Response | undefined): void {
    if (this.#hasLeft) this.#response = response;
    else if (this.#isBehind) this.#response = response && passedOn(response);
    else if (response !== undefined) this.#answerInFront(response);
  }

  setHeader([name, value, options]: HeaderArguments): void {
    if (!this.#isBehind) this.#namesInFront.push(name);
    if (this.#isBehind || this.#front === undefined) this.#header(name, value, options);
    else setHeader(this.#front.headers, name, value, options);
  }

  get #isBehind(): boolean {
    return behind.getStore() === this;
  }

  /** Replaces the response in the context. Its setter would merge the headers of the previous response. */
  get #response(): Response {
    return Reflect.get(this.#prototype, 'res', this.#c);
  }

  set #response(response: Response | undefined) {
    Reflect.set(this.#prototype, 'res', response, this.#c);
  }

  #replace(response: Response): void {
    this.#response = undefined;
    this.#response = response;
  }

  #answerInFront(response: Response): void {
    if (this.#front !== undefined) {
      this.#front = response;
      return;
    }
    this.#isFinalized = this.#c.finalized;
    const before = this.#response;
    this.#response = response;
    const front = this.#response;
    // A copy, since the headers of a fetched response can't be changed.
    this.#divide(new Response(front.body, front), before);
  }

  /** Later changes of the handlers to the response, which is already being sent, apply to one that is never sent. */
  #detach(): void {
    let own: Response | undefined;
    const response = () => {
      const { status, headers } = this.#response;
      own ??= new Response(null, { status, headers: new Headers(headers) });
      return own;
    };
    Object.defineProperty(this.#c, 'res', {
      configurable: true,
      get: () => (this.#isBehind ? response() : this.#response),
      set: (set: Response | undefined) => {
        if (this.#isBehind) own = set;
        else this.#response = set;
      },
    });
    this.#c.header = (name, value, options) => {
      if (this.#isBehind) setHeader(response().headers, name, value, options);
      else this.#header(name, value, options);
    };
  }

  /** From here on the context holds the handlers' response, created from `before`. */
  #divide(front: Response, before: Response): void {
    this.#front = front;
    for (const name of this.#namesInFront) before.headers.delete(name);
    this.#replace(before);
    Object.defineProperty(this.#c, 'finalized', {
      configurable: true,
      get: () => !this.#isBehind || this.#isFinalized,
      set: (isFinalized: boolean) => {
        if (this.#isBehind) this.#isFinalized = isFinalized;
      },
    });
  }
}

type HeaderArguments = Parameters<Context['header']>;

/** Does the same as `c.header`. */
function setHeader(headers: Headers, name: string, value?: string, options?: HeaderArguments[2]): void {
  if (value === undefined) headers.delete(name);
  else if (options?.append) headers.append(name, value);
  else headers.set(name, value);
}
