/**
 * The options of a guard, and those that a route may change.
 *
 * @module
 */

import type { EventListener } from '../core/events.ts';
import type { Log } from '../core/log.ts';
import type { LapsedOperation } from '../core/operation.ts';
import type { Runtime } from '../core/runtime.ts';
import type { OperationOptions } from '../core/settings.ts';
import type { Store, TransactionKind } from '../core/store.ts';
import type { PlainResponse } from './exchange.ts';
import type { Problem } from './problems/problems.ts';

/**
 * Whom a request acts for: a function that returns a stable identity, `'authorization'` (a digest of that
 * header; JWT-shaped tokens are refused), or `'anonymous'` (keys must then have the entropy of a UUID).
 */
export type Principal<Native> =
  | 'authorization'
  | 'anonymous'
  | ((request: Native) => string | undefined | Promise<string | undefined>);

/**
 * An answer given as a plain object, by `finish`, `recover` and `authorizeReplay`. An object as body is sent as JSON.
 * Where the answer may be given asynchronously, a Response will do too.
 */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | Headers;
  readonly body?: string | Uint8Array | object | null;
}

/** What `recover` decides about a lapsed record; the audit keeps `why`, 2,000 characters at most. Names no secret. */
type HttpRecovery =
  | { readonly decision: 'respond'; readonly response: Answer | Response; readonly why?: string }
  | { readonly decision: 'rerun'; readonly why?: string }
  | { readonly decision: 'leave' };

/** A stored answer, as `authorizeReplay` sees it. */
export interface ReplayRecord {
  readonly operationId: string;
  readonly status: number;
  readonly completedAtMs: number;
}

/** How a route saves its requests. */
interface SaveRequestOptions {
  /**
   * The longest saved request in bytes: target, headers and body together. A longer one runs as usual and is not saved;
   * a warning event says so once per route. Default 65,536.
   */
  readonly maxBytes?: number;
  /**
   * Headers to save besides Content-Type and Content-Encoding. Never credentials: `option-invalid` names those that are
   * known to be.
   */
  readonly headers?: readonly string[];
  /**
   * Saves whom the request acts for too, as the `principal` function said it. Not for one that returns a credential,
   * such as an API key. Default false.
   */
  readonly principal?: boolean;
}

/** The Idempotency-Key header. */
interface KeyOptions {
  /** Refuse a request without a key (400 `key-missing`). Default false: it runs without protection. */
  readonly required?: boolean;
  /** `'lenient'` (default) reads `"abc"` and `abc` as the same key; `'strict'` takes the RFC 9651 String alone. */
  readonly format?: 'lenient' | 'strict';
}

/**
 * What of a request is compared. A change of these options changes the fingerprints of the requests that they concern:
 * their retries across the change are `key-reused`.
 */
interface FingerprintOptions {
  /**
   * `'canonical'` (default) compares JSON by its value, where that loses nothing; `'bytes'` compares it by its bytes, so
   * that another order of members is another payload. A body that a framework parsed before is compared by its value
   * all the same.
   */
  readonly body?: 'canonical' | 'bytes';
  /** Headers that change the meaning of a request, besides If-Match, If-None-Match, Prefer and X-HTTP-Method-Override. */
  readonly headers?: readonly string[];
  /** JSON Pointers (RFC 6901) to members of a JSON body that may differ between retries. */
  readonly ignore?: readonly string[];
  /**
   * Names of query parameters that may differ between retries, such as a timestamp or a signature. The path and all other
   * parameters are compared.
   *
   * @example
   * ```ts
   * app.post('/v1/orders', guard.with({ fingerprint: { ignoreQuery: ['timestamp', 'signature'] } }), handler)
   * ```
   */
  readonly ignoreQuery?: readonly string[];
  /**
   * Names of members of a form, URL-encoded or multipart/form-data, that may differ between retries, as the client writes
   * them: `sentAt`, `meta[sentAt]`. For JSON there is `ignore`.
   */
  readonly ignoreForm?: readonly string[];
}

/** What of a request is compared; the secrets belong to the whole guard. */
interface GuardFingerprintOptions extends FingerprintOptions {
  /** Makes the fingerprint an HMAC; the first secret writes, all of them are accepted. At least 32 bytes each. */
  readonly secrets?: readonly (string | Uint8Array)[];
}

/** The request. */
export interface RequestOptions {
  /** Longest request body, in bytes; longer is 413. Default 1 MiB. */
  readonly maxBytes?: number;
  /**
   * Saves each request with its claim, so that a completer can run it again when its worker died and no retry comes
   * (see `httpOperations`). Only for `afterFailure: 'rerun'`; gone once the operation is completed, and encrypted where
   * the store is. Default false.
   *
   * @example
   * ```ts
   * app.post('/v1/orders', guard.with({ afterFailure: 'rerun', request: { save: { principal: true } } }), handler)
   * ```
   */
  readonly save?: boolean | SaveRequestOptions;
}

/** The answer. */
export interface ResponseOptions<Native> {
  /** Longest response body that is kept, in bytes. Default 1 MiB. */
  readonly maxBytes?: number;
  /**
   * Whether an answer below 500, or a 503 with Retry-After, is kept; false releases the record, so that a retry runs.
   * Default: under `'refuse'` every answer is kept, under `'rerun'` all but 401, 407, 408, 425, 429 and 503 with
   * Retry-After.
   *
   * @example
   * ```ts
   * response: { keep: (status) => status !== 429 } // this handler answers 429 before it does anything
   * ```
   */
  readonly keep?: (status: number) => boolean;
  /** Called before an answer is replayed; false refuses it (403 by the layer), an answer or a Response replaces it. */
  readonly authorizeReplay?: (
    request: Native,
    record: ReplayRecord,
  ) => boolean | Answer | Response | Promise<boolean | Answer | Response>;
  /** If the answer can't be stored: send it, marked, or answer 503. Default `'send'` for `refuse`, `'503'` for `rerun`. */
  readonly whenUnstored?: 'send' | '503';
}

/** Which keys may belong to records that a restore has lost. */
export interface Restored {
  /**
   * When the restored store began to be used: a Date or milliseconds since the epoch. Keys that were first sent before are
   * refused, unless their record is completed or has changed since then. It is compared with the clients' own clocks: add
   * by how much a client's clock may be ahead (five minutes, say).
   */
  readonly at: Date | number;
  /**
   * What happens to a key of unknown age: one without the header Repeatability-First-Sent that is no UUID of version 7.
   * `'run'` (default) carries it out, so that a retry from before runs a second time; `'refuse'` refuses all such keys
   * that have no such record, new ones too.
   */
  readonly unknownKeys?: 'run' | 'refuse';
}

/** What may differ from route to route. */
export interface RouteOptions<Native> extends OperationOptions {
  /** The methods that the layer acts on. Default POST and PATCH; PUT and DELETE can be added. */
  readonly methods?: readonly string[];
  /**
   * A name in place of method and path in the scope in which keys are looked up, so that another spelling of the path
   * that reaches the same handler (`/Orders`, `/orders/`) does not run a second time. The path stays part of the payload:
   * the same key under another spelling, or for another id in the path, is `key-reused`. Default: method and path as
   * received.
   *
   * @example
   * ```ts
   * app.post('/orders', guard.with({ scope: 'place-order' }), handler)
   * ```
   */
  readonly scope?: string;
  /**
   * Asked about a lapsed record that may not be rerun, under a claim of its own: finds out at the systems behind what
   * happened, by the keys that the steps sent, and decides. What it throws leaves the record to a person.
   *
   * @example
   * ```ts
   * recover: async ({ idempotencyKey }) => {
   *   const charge = await provider.find({ idempotencyKey: idempotencyKey('charge') })
   *   return charge ? { decision: 'respond', response: { status: 201, body: charge } } : { decision: 'leave' }
   * }
   * ```
   */
  readonly recover?: (lapsed: LapsedOperation, request: Native) => HttpRecovery | Promise<HttpRecovery>;
  /**
   * After a restore from a backup: refuses (409 `key-quarantined`) the keys from before whose record is gone or not
   * completed, since what they asked for may have been done since the backup. It costs such a key one reading of the store, and others nothing. Take it away
   * when no client retries keys from then any more.
   *
   * @example
   * ```ts
   * idempotency({ store, principal, restored: { at: new Date('2026-11-24T06:35:00Z'), unknownKeys: 'refuse' } })
   * ```
   */
  readonly restored?: Restored | false;
  /** The Idempotency-Key header. */
  readonly key?: KeyOptions;
  /** What of a request is compared. */
  readonly fingerprint?: FingerprintOptions;
  /** The request. */
  readonly request?: RequestOptions;
  /** The answer. */
  readonly response?: ResponseOptions<Native>;
}

/** All options of a guard. */
export interface GuardOptions<Native, Kind extends TransactionKind = never> extends RouteOptions<Native> {
  /** Where records live. */
  readonly store: Store<Kind>;
  /** Whom requests act for. There is no default: without it one tenant would read another's answer. */
  readonly principal: Principal<Native>;
  /** Status codes and error shape: the IETF draft's (default) or Stripe's. */
  readonly dialect?: 'ietf' | 'stripe';
  /** What of a request is compared, and the secrets of that. */
  readonly fingerprint?: GuardFingerprintOptions;
  /** Replaces the error response of the layer, for a house style. */
  readonly onProblem?: (problem: Problem, request: Native) => PlainResponse | undefined;
  /** Told what happens; see {@link LatchkeyEvent}. */
  readonly onEvent?: EventListener;
  /**
   * Receives warnings and errors: each code once per operation and minute, with one sentence and a link to what to do, and
   * never a key, a body, a credential, or the message of an error that is not this library's. It does not depend on
   * `onEvent`. Default: the console. `false` switches it off.
   *
   * @example
   * ```ts
   * idempotency({ store, principal, log: ({ level, code, message, docs }) => logger[level]({ code, docs }, message) })
   * ```
   */
  readonly log?: Log | false;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
}
