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
import type { Dialect } from './problems/dialect.ts';
import type { Problem } from './problems/problems.ts';

/**
 * The account or tenant of a request: a function that returns a stable id, `'authorization'` (a digest of that header;
 * JWT-shaped tokens are refused), or `'anonymous'` (keys must then have the entropy of a UUID).
 */
export type Principal<Native> =
  | 'authorization'
  | 'anonymous'
  | ((request: Native) => string | undefined | Promise<string | undefined>);

/**
 * An answer as a plain object, for `finish`, `recover` and `authorizeReplay`. An object as body is sent as JSON.
 * `recover`, `authorizeReplay` and an asynchronous `finish` also accept a `Response`.
 */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | Headers;
  readonly body?: string | Uint8Array | object | null;
}

/** The decision of a `recover` hook. The audit keeps `why`, at most 2,000 characters; it must not contain secrets. */
export type HttpRecovery =
  | { readonly decision: 'respond'; readonly response: Answer | Response; readonly why?: string }
  | { readonly decision: 'rerun'; readonly why?: string }
  | { readonly decision: 'leave' };

/** The stored answer that `authorizeReplay` gets. */
export interface ReplayRecord {
  readonly operationId: string;
  readonly status: number;
  readonly completedAtMs: number;
}

/** How a route saves its requests. */
export interface SaveRequestOptions {
  /**
   * Maximum size of a saved request in bytes: target, headers and body together. A longer one runs as usual and is not
   * saved; a warning event reports it once per route. Default 65,536.
   */
  readonly maxBytes?: number;
  /**
   * Headers to save in addition to Content-Type and Content-Encoding. Headers known to carry credentials are refused
   * (`option-invalid`). Default: none.
   */
  readonly headers?: readonly string[];
  /**
   * Also saves the return value of the `principal` function. Don't set it if that function returns a credential, such
   * as an API key. Default false.
   */
  readonly principal?: boolean;
}

/** The Idempotency-Key header. */
export interface KeyOptions {
  /** Refuses a request without a key (400 `key-missing`). Default false: it runs without protection. */
  readonly required?: boolean;
  /** `'lenient'` (default) reads `"abc"` and `abc` as the same key; `'strict'` only accepts an RFC 9651 String. */
  readonly format?: 'lenient' | 'strict';
}

/**
 * The parts of a request that are compared. Changing these options changes the fingerprints of the affected requests:
 * retries of requests sent before the change are refused as `key-reused`.
 */
export interface FingerprintOptions {
  /**
   * `'canonical'` (default) compares JSON by its value, unless that would lose information; `'bytes'` compares it by
   * its bytes, so another order of members is another payload. A body that a framework has already parsed is always
   * compared by its value.
   */
  readonly body?: 'canonical' | 'bytes';
  /** Headers to compare in addition to If-Match, If-None-Match, Prefer and X-HTTP-Method-Override. Default: none. */
  readonly headers?: readonly string[];
  /** JSON Pointers (RFC 6901) to members of a JSON body that may differ between retries. Default: none. */
  readonly ignore?: readonly string[];
  /**
   * Names of query parameters that may differ between retries, such as a timestamp or a signature. The path and all
   * other parameters are compared.
   *
   * @example
   * ```ts
   * app.post('/v1/orders', guard.with({ fingerprint: { ignoreQuery: ['timestamp', 'signature'] } }), handler)
   * ```
   */
  readonly ignoreQuery?: readonly string[];
  /**
   * Names of form members (URL-encoded or multipart/form-data) that may differ between retries, as the client writes
   * them: `sentAt`, `meta[sentAt]`. For JSON use `ignore`.
   */
  readonly ignoreForm?: readonly string[];
}

/** The parts of a request that are compared, and the guard's secrets. */
export interface GuardFingerprintOptions extends FingerprintOptions {
  /** Secrets that turn the fingerprint into an HMAC. The first one signs, all are accepted; at least 32 bytes each. */
  readonly secrets?: readonly (string | Uint8Array)[];
}

/** The request. */
export interface RequestOptions {
  /** Maximum size of a request body in bytes; a longer one gets 413. Default 1 MiB. */
  readonly maxBytes?: number;
  /**
   * Saves each request with its claim, so that a completer can rerun it if its worker dies and no retry comes (see
   * `httpOperations`). Requires `afterFailure: 'rerun'`. The saved request is deleted when the operation is completed,
   * and encrypted by an encrypted store. Default false.
   *
   * @example
   * ```ts
   * app.post('/v1/orders', guard.with({ afterFailure: 'rerun', request: { save: { principal: true } } }), handler)
   * ```
   */
  readonly save?: boolean | SaveRequestOptions;
}

/** The body of a rebuilt answer. An object is sent as JSON, a string as UTF-8 text, bytes unchanged. */
export type RebuiltBody = string | Uint8Array | object;

// Members in the form of methods, so that an application can declare the type of its own bodies and references.
interface ReferenceFunctions<Native> {
  reference(body: unknown, status: number): unknown;
  rebuild(reference: unknown, request: Native): RebuiltBody | Promise<RebuiltBody>;
}

/** The answer. */
export interface ResponseOptions<Native> {
  /** Maximum size of a stored response body in bytes. Default 1 MiB. */
  readonly maxBytes?: number;
  /**
   * Returns whether an answer below 500, or a 503 with Retry-After, is kept; false releases the record, so that a retry
   * runs. Default: under `'refuse'` every answer is kept, under `'rerun'` all but 401, 407, 408, 425, 429 and 503 with
   * Retry-After.
   *
   * @example
   * ```ts
   * response: { keep: (status) => status !== 429 } // this handler answers 429 before it does anything
   * ```
   */
  readonly keep?: (status: number) => boolean;
  /** Called before an answer is replayed; false refuses it (403), an answer or a `Response` replaces it. */
  readonly authorizeReplay?: (
    request: Native,
    record: ReplayRecord,
  ) => boolean | Answer | Response | Promise<boolean | Answer | Response>;
  /**
   * Returns what the record keeps in place of a body, for answers with a secret in them: a JSON value from which
   * `rebuild` makes the body again, such as an id. The record then has the status, the headers (without ETag and
   * digests of the body) and this value, and never the body. Called with the body (the value of JSON, the text of
   * `text/*`, otherwise the bytes) and the status of each complete answer with a body, errors too; must be synchronous.
   * If it throws or returns undefined, a retry gets 410 `response-not-kept`; in `finish`, the transaction is rolled
   * back. Requires `rebuild`. Default: the body is stored.
   *
   * @example
   * ```ts
   * app.post('/api-keys', guard.with({
   *   response: {
   *     reference: (body: { id: string }) => body.id,
   *     rebuild: async (id: string) => ({ id, secret: await vault.read(id) }),
   *   },
   * }), handler)
   * ```
   */
  readonly reference?: ReferenceFunctions<Native>['reference'];
  /**
   * Makes the body of a replay from what `reference` returned. Called with the present request after
   * `authorizeReplay`; may be asynchronous. If it throws, the retry gets 503 `rebuild-failed`, and nothing runs.
   */
  readonly rebuild?: ReferenceFunctions<Native>['rebuild'];
  /**
   * If the answer can't be stored: sends it, marked, or answers 503. Default `'send'` for `refuse`, `'503'` for
   * `rerun`.
   */
  readonly whenUnstored?: 'send' | '503';
}

/** Which keys are treated as older than a restored backup. */
export interface Restored {
  /**
   * When the restored store began to be used: a Date or milliseconds since the epoch. Keys first sent before that are
   * refused, unless their record is completed or has changed since. It is compared with clients' clocks, so add the
   * largest error that you expect of them, such as five minutes.
   */
  readonly at: Date | number;
  /**
   * How to treat a key of unknown age, that is, without a Repeatability-First-Sent header and not a UUID of version 7.
   * `'run'` (default) runs it, so a retry from before the restore runs a second time; `'refuse'` refuses every such key
   * without a completed or changed record, new ones too.
   */
  readonly unknownKeys?: 'run' | 'refuse';
}

/** The options of a route. */
export interface RouteOptions<Native> extends OperationOptions {
  /** The methods that the guard protects. Default POST and PATCH; PUT and DELETE can be added. */
  readonly methods?: readonly string[];
  /**
   * A name that replaces method and path in the scope of keys, so that another spelling of the path (`/Orders`,
   * `/orders/`) does not run a second time. The path is still compared: the same key under another spelling, or for
   * another id in the path, is refused as `key-reused`. Default: method and path as received.
   *
   * @example
   * ```ts
   * app.post('/orders', guard.with({ scope: 'place-order' }), handler)
   * ```
   */
  readonly scope?: string;
  /**
   * Called under its own claim for a lapsed record that may not be rerun. It decides after it has searched the
   * downstream systems for the keys that the steps sent. If it throws, the record is left for a person.
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
   * After a restore from a backup: refuses (409 `key-quarantined`) older keys whose record is missing or not completed,
   * since their operation may have been carried out after the backup. Costs one read of the store for such a key, and
   * nothing for others. Remove it when no client retries older keys any more. Default false.
   *
   * @example
   * ```ts
   * idempotency({ store, principal, restored: { at: new Date('2026-11-24T06:35:00Z'), unknownKeys: 'refuse' } })
   * ```
   */
  readonly restored?: Restored | false;
  /** The Idempotency-Key header. */
  readonly key?: KeyOptions;
  /** The parts of a request that are compared. */
  readonly fingerprint?: FingerprintOptions;
  /** The request. */
  readonly request?: RequestOptions;
  /** The answer. */
  readonly response?: ResponseOptions<Native>;
}

/** All options of a guard. */
export interface GuardOptions<Native, Kind extends TransactionKind = never> extends RouteOptions<Native> {
  /** The store that keeps the records. */
  readonly store: Store<Kind>;
  /** The account or tenant of a request. Has no default, since without it one tenant could read another's answers. */
  readonly principal: Principal<Native>;
  /**
   * The convention of the API: status codes and form of errors. `latchkey/dialects` has `stripe`, `acp` and `ucp`; one of
   * your own is a plain object ({@link Dialect}). Default: the IETF draft.
   */
  readonly dialect?: Dialect;
  /** The parts of a request that are compared, and secrets. */
  readonly fingerprint?: GuardFingerprintOptions;
  /** Returns an error response that replaces the guard's own. */
  readonly onProblem?: (problem: Problem, request: Native) => PlainResponse | undefined;
  /** Receives events; see `LatchkeyEvent`. */
  readonly onEvent?: EventListener;
  /**
   * Receives warnings and errors, each code once per operation and minute. An entry has one sentence and a link to its
   * documentation, and never a key, a body, a credential, or the message of another library's error. Independent of
   * `onEvent`. Default: the console. `false` turns it off.
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
