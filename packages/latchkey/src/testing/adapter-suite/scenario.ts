/**
 * What an application under test looks like to the adapter suite: handlers that know no framework.
 *
 * @module
 */

import type { TransactionKind } from '../../core/store.ts';
import type { Header } from '../../http/exchange.ts';
import type { HttpContext } from '../../http/layer.ts';
import type { GuardOptions } from '../../http/options.ts';

/** A request, as a handler of the suite sees it. */
export interface SuiteRequest<Kind extends TransactionKind = never> {
  readonly method: string;
  /** What the framework made of the body, as text. */
  readonly body: string;
  /** The context, if the request runs under one. */
  readonly context: HttpContext<Kind, unknown> | undefined;
  header(name: string): string | undefined;
}

/** What a handler answers; to be written the way the framework's users do it. */
export type SuiteReply =
  | {
      readonly status?: number;
      readonly headers?: readonly Header[];
      /** At once, or as a stream. */
      readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
    }
  /** What `context.finish` resolved with; to be returned as it is. */
  | { readonly finished: unknown };

/** A handler. What it throws the application throws. */
export type SuiteHandler<Kind extends TransactionKind = never> = (
  request: SuiteRequest<Kind>,
) => Promise<SuiteReply> | SuiteReply;

/** What stands before the guard: it may refuse the request, answer in place of the guard, or set headers of the response. */
export type SuiteOuter = (header: (name: string) => string | undefined) => {
  readonly refuse?: number;
  /** Lets the request in, and gives an empty answer with this status if there is none yet: a timeout. */
  readonly late?: Promise<number>;
  readonly headers?: readonly Header[];
};

/** An application that the suite wants to see. */
export interface AppSetup<Kind extends TransactionKind = never> {
  /** The guard's options, but for the principal: that is the value of the header `X-Tenant`, or `tenant`. */
  readonly options: Omit<GuardOptions<unknown, Kind>, 'principal'>;
  /** Answers every method and every path. */
  readonly handler: SuiteHandler<Kind>;
  readonly outer: SuiteOuter;
}

/** An application that listens on 127.0.0.1. */
export interface RunningApp {
  /** Such as `http://127.0.0.1:41234`. */
  readonly origin: string;
  close(): Promise<void>;
}
