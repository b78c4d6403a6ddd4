/**
 * One request and reply of Fastify on their way through the layer.
 *
 * @module
 */

import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TransactionKind } from '../../core/store.ts';
import type { GuardAnswer } from '../../http/exchange.ts';
import type { HttpContext } from '../../http/layer.ts';
import type { GuardContexts } from '../guard-contexts.ts';
import { signsOfClose } from '../node-http/client-gone.ts';
import { NodeExchange } from '../node-http/exchange.ts';
import { sendAnswer } from './answer.ts';

/** Ends a hook. */
export type Done = (error?: Error) => void;

/** The handler is run by ending the hook. */
export class FastifyExchange<Kind extends TransactionKind> extends NodeExchange<Kind, FastifyReply> {
  readonly #contexts: GuardContexts<Kind, FastifyReply>;
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  readonly #done: Done;

  /** @throws LatchkeyError `guard-mounted-twice`. */
  constructor(contexts: GuardContexts<Kind, FastifyReply>, request: FastifyRequest, reply: FastifyReply, done: Done) {
    super(request.raw, reply.raw);
    this.#contexts = contexts;
    this.#request = request;
    this.#reply = reply;
    this.#done = done;
  }

  /** Does what the layer says. */
  answer(answer: GuardAnswer): void {
    if (answer.kind === 'pass') this.#done();
    else if (this.hasRun || this.isAnswered || answer.kind !== 'answer') this.conclude(answer);
    else sendAnswer(this.#reply, answer.response);
  }

  protected override run(context: HttpContext<Kind, FastifyReply>): undefined {
    this.#contexts.set(this.#request, context);
    Reflect.set(this.#request, 'idempotency', context);
    this.#done();
  }

  protected override whenFinished(): FastifyReply {
    return this.#reply.hijack();
  }

  /** Fastify asks each time it sends whether the response has ended. */
  protected override get signs(): readonly string[] {
    return signsOfClose;
  }

  /** Fastify keeps headers of its own until it writes. */
  protected override headersBefore(): OutgoingHttpHeaders {
    return this.#reply.getHeaders() as OutgoingHttpHeaders;
  }
}
