/**
 * One request of Koa in the guard. Koa answers after all middleware has returned, the middleware before the guard
 * included, so the guard's middleware returns as soon as the handler does, and the answer is captured from the raw
 * response.
 *
 * @module
 */

import type { Context, Next, ParameterizedContext } from 'koa';
import type { TransactionKind } from '../../core/store.ts';
import { asBuffer } from '../../core/support/codec.ts';
import type { GuardAnswer, PeekRequest, RequestBody } from '../../http/exchange.ts';
import type { HttpContext, HttpLayer } from '../../http/layer.ts';
import { isNeverKept } from '../../http/response/kept-headers.ts';
import type { GuardContexts } from '../guard-contexts.ts';
import { NodeExchange, requestToPeek } from '../node-http/exchange.ts';
import type { ParsedRequest } from '../node-http/request.ts';
import { readNodeBody } from '../node-http/request-body.ts';
import { type HeaderSnapshot, snapshotHeaders } from '../node-http/response-head.ts';

type Answer = Exclude<GuardAnswer, { kind: 'pass' }>;

/** The exchange that answers when Koa does. */
interface Answering {
  /** What the middleware has set `ctx.respond` to since. */
  wanted: boolean;
  /** Called when Koa reads `ctx.respond`, immediately before it answers; returns whether it does. */
  respond(): boolean;
}

const answering = Symbol('latchkey.answering');

/** Shared by all requests: with accessors of its own, each context would get a hidden class of its own. */
const respondProperty = {
  get(this: { [answering]: Answering }): boolean {
    return this[answering].respond();
  },
  set(this: { [answering]: Answering }, value: boolean): void {
    this[answering].wanted = value;
  },
  configurable: true,
};

/** One request of Koa in the guard. */
export class KoaExchange<State, Kind extends TransactionKind>
  extends NodeExchange<ParameterizedContext<State>, Kind, void>
  implements Answering
{
  wanted = true;
  readonly #contexts: GuardContexts<Kind>;
  readonly #next: Next;
  /** Settles as the middleware after the guard, or resolves when the guard itself answers. */
  readonly #done = Promise.withResolvers<void>();
  #hasRun = false;
  /** The answer without the handler, and the headers that were set before it. */
  #instead: { readonly answer: Answer; readonly before: HeaderSnapshot } | undefined;

  /** @throws LatchkeyError `guard-mounted-twice`. */
  constructor(contexts: GuardContexts<Kind>, ctx: ParameterizedContext<State>, next: Next) {
    super(ctx, ctx.req, ctx.res, ctx.originalUrl);
    this.#contexts = contexts;
    this.#next = next;
  }

  /** Handles the request in the guard. Settles before the answer is written, so that Koa can write it. */
  enter(layer: HttpLayer<ParameterizedContext<State>, Kind>): Promise<void> {
    const answer = layer.handle(this);
    if (answer instanceof Promise) answer.then((given) => this.#answer(given), this.#done.reject);
    else this.#answer(answer);
    return this.#done.promise;
  }

  /** Never rejects: an error goes to the middleware before the guard, and Koa's answer to it is the answer. */
  override async run(): Promise<void> {
    const ctx = this.native;
    this.#hasRun = true;
    this.#contexts.set(ctx, this);
    (ctx.state as { idempotency: HttpContext<Kind> }).idempotency = this.context;
    try {
      await this.#next();
      if (ctx.respond !== false) this.#beforeRespond();
      this.#done.resolve();
    } catch (error) {
      this.#answerAnyway();
      this.#done.reject(error);
    }
    // Koa answers for the handler from here on, outside its asynchronous context.
    this.hasReturned = true;
  }

  respond(): boolean {
    const { res } = this.native;
    if (this.#instead === undefined) {
      if (res.socket?.writable === false) this.#answerAnyway();
      return this.wanted;
    }
    const { answer, before } = this.#instead;
    if (!res.headersSent) this.#restoreHead(before);
    this.conclude(answer);
    return false;
  }

  /**
   * Koa writes no body to a closed connection, but the retry must get the handler's answer. While the handler runs,
   * `ctx.writable` is unchanged.
   */
  #answerAnyway(): void {
    Object.defineProperty(this.native, 'writable', { get: () => !this.isSettled, configurable: true });
  }

  #beforeRespond(): void {
    (this.native as object as { [answering]: Answering })[answering] = this;
    Object.defineProperty(this.native, 'respond', respondProperty);
  }

  protected override whenFinished(): void {}

  override body(limitBytes: number): RequestBody | Promise<RequestBody> {
    return readKoaBody(this.native, limitBytes);
  }

  /** Carries out the layer's answer. */
  #answer(answer: GuardAnswer): void {
    if (answer.kind === 'pass') this.#done.resolve(this.#next());
    else if (!this.#hasRun) this.#answerInstead(answer);
    else {
      try {
        this.conclude(answer);
      } catch (error) {
        this.native.onerror(error as Error);
      }
    }
  }

  /**
   * Answers without the handler. The middleware before the guard, such as a logger or a session, sees an ordinary
   * answer. The real one is written in place of Koa's, since the stored answer already has what that middleware changed
   * in the first one.
   */
  #answerInstead(answer: Answer): void {
    const ctx = this.native;
    const before = snapshotHeaders(ctx.res.getHeaders());
    if (answer.kind === 'answer') {
      const { status, body } = answer.response;
      ctx.status = status;
      if (body.length > 0) ctx.body = asBuffer(body);
    }
    this.#instead = { answer, before };
    this.#beforeRespond();
    this.#done.resolve();
  }

  /** Removes the headers that were set since, except those that no record keeps: they belong to this request. */
  #restoreHead(before: HeaderSnapshot): void {
    const { req, res } = this.native;
    for (const name of res.getHeaderNames()) {
      if (before[name] === undefined && (name === 'content-length' || !isNeverKept(name))) res.removeHeader(name);
    }
    // Koa sets the reason phrase with each status, and Node would send it with another one.
    if (req.httpVersionMajor < 2) res.statusMessage = '';
  }
}

/** Parsers put the parsed value, and the text of the body, on Koa's request. */
function readKoaBody(ctx: ParameterizedContext<unknown>, limitBytes: number): RequestBody | Promise<RequestBody> {
  const { body, rawBody }: ParsedRequest = ctx.request as object;
  const kept = typeof rawBody === 'string' ? Buffer.from(rawBody) : rawBody;
  return readNodeBody(ctx.req, { body, rawBody: kept }, limitBytes);
}

/** Returns the parts of a request that `peek` needs. */
export function koaRequestToPeek(ctx: Context): PeekRequest<Context> {
  const body = (limitBytes: number) => readKoaBody(ctx, limitBytes);
  return { ...requestToPeek(ctx, ctx.req, ctx.originalUrl), body };
}
