/**
 * The application under test: handlers that are independent of a framework.
 *
 * @module
 */

import type { TransactionKind } from '../../core/store.ts';
import type { Header } from '../../http/exchange.ts';
import type { HttpContext } from '../../http/layer.ts';
import type { GuardOptions } from '../../http/options.ts';

/** The request that a handler of the suite gets. */
export interface SuiteRequest<Kind extends TransactionKind = never> {
  readonly method: string;
  /** The body as parsed by the framework, as text. */
  readonly body: string;
  /** The context, if the request has one. */
  readonly context: HttpContext<Kind, unknown> | undefined;
  header(name: string): string | undefined;
}

/** A handler's answer, to be sent in the usual way of the framework. */
export type SuiteReply =
  | {
      readonly status?: number;
      readonly headers?: readonly Header[];
      /** At once, or as a stream. */
      readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
    }
  /** The value that `context.finish` resolved with, to be returned unchanged. */
  | { readonly finished: unknown };

/** A handler. The application must rethrow its errors. */
export type SuiteHandler<Kind extends TransactionKind = never> = (
  request: SuiteRequest<Kind>,
) => Promise<SuiteReply> | SuiteReply;

/** Middleware before the guard, which may refuse the request, answer instead of the guard, or set response headers. */
export type SuiteOuter = (header: (name: string) => string | undefined) => {
  readonly refuse?: number;
  /** Lets the request pass, and sends an empty answer with this status if no answer was sent, as a timeout does. */
  readonly late?: Promise<number>;
  readonly headers?: readonly Header[];
};

/** The application that the suite needs. */
export interface AppSetup<Kind extends TransactionKind = never> {
  /** The guard's options without `principal`, which is the value of the header `X-Tenant`, or else `tenant`. */
  readonly options: Omit<GuardOptions<unknown, Kind>, 'principal'>;
  /** Handles every method and path. */
  readonly handler: SuiteHandler<Kind>;
  readonly outer: SuiteOuter;
}

/** An application that listens on 127.0.0.1. */
export interface RunningApp {
  /** Such as `http://127.0.0.1:41234`. */
  readonly origin: string;
  close(): Promise<void>;
}
