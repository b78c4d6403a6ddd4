/**
 * The client's main function.
 *
 * @module
 */

import { type ClientEventListener, quietly } from './client-events.ts';
import { KeyRing } from './key-ring.ts';
import type { StoredKey } from './key-storage.ts';
import { NoAnswerError } from './no-answer-error.ts';
import { type ClientOptions, type ClientSettings, clientSettings, invalidOption } from './options.ts';
import { type PreparedRequest, prepareRequest, requestDigest, sameRequest } from './request-bytes.ts';
import { sendUntilAnswered } from './retry-loop.ts';
import { Flight, type FlightControl } from './shared-call.ts';

/** The options of `fetch`, and the operation's name. */
export interface OperationInit extends RequestInit {
  /**
   * A name for what the caller wants done, such as `checkout:cart-81`: the same for every retry, also after a reload,
   * and different for every other operation. 1 to 255 characters. It never leaves the client.
   */
  readonly operation: string;
}

/** The operation's answer. */
export interface OperationAnswer {
  /** A Response of any status, whose body was read from the network to its end. */
  readonly response: Response;
  /** True if the server marked it as the stored answer of an earlier request. */
  readonly replayed: boolean;
  /** How many requests this call sent; at least 1. */
  readonly attempts: number;
  /** The key that was sent, for support. */
  readonly key: string;
  /**
   * True if the operation is decided: its key is dropped, and the next call with this name is a new operation. False
   * for answers that say nothing about the effect (401, 407, 408, and 425, 429 or 5xx that are replayed or that the
   * server asked not to retry), for redirects without a mark, and for answers that the layer marks as not final: the
   * next call continues with the same key.
   */
  readonly final: boolean;
}

/** See {@link idempotentFetch}. */
export interface IdempotentFetch {
  /**
   * Sends an operation and resolves with its answer, whatever the status.
   *
   * @throws NoAnswerError if there is no answer; see its codes.
   * @throws LatchkeyError `body-not-replayable` for a stream; `option-invalid`.
   * @throws the reason of `init.signal` when that aborts, as `fetch` does; the key is kept.
   */
  (input: string | URL | Request, init: OperationInit): Promise<OperationAnswer>;
  /** True if this operation was started and has no final answer yet; it may or may not have happened. */
  isPending(operation: string): Promise<boolean>;
  /**
   * Drops the key, so that the next call is a new operation. Call it only if the outcome of the old operation is
   * known, or if repeating it does no harm. A running call continues.
   */
  forget(operation: string): Promise<void>;
}

/** What all calls of a client share. */
interface Client {
  readonly settings: ClientSettings;
  readonly emit: ClientEventListener;
  readonly keys: KeyRing;
  readonly flights: Map<string, { readonly request: PreparedRequest; readonly flight: Flight<OperationAnswer> }>;
}

/**
 * Creates a `fetch` for operations that must happen once. Each operation gets a key, which is stored until there is a
 * final answer. Every attempt sends the same key, also after a reload, and every attempt of a call the same bytes.
 *
 * Retried, with exponential back-off and full jitter or after the server's Retry-After: network errors, requests
 * without a whole answer in `attemptTimeoutMs`, 409 `in-progress`, 425, 429 and 5xx. `Stripe-Should-Retry` overrules
 * that. Never retried: 422 `key-reused`, `outcome-unknown`, `key-quarantined`, and a 5xx marked as replayed, which is
 * the stored answer. While the operation is in progress, the client retries after one second, then every two seconds.
 * The key is dropped just before the promise resolves with a final answer. If the call gives up or is aborted, the key
 * is kept, so calling again is safe.
 *
 * After a request without an answer, only an answer that is recognisably the operation's own is final: one marked with
 * `Idempotency-Status` or `Idempotent-Replayed`, with the key echoed, or with a status in `finalStatuses`. Redirects are
 * not followed. See docs/client.md.
 *
 * A call of an operation that is already running in this page (a second click) sends nothing and gets the same answer.
 * Each caller has its own Response and AbortSignal; the request is aborted when all callers have aborted. A call with
 * another URL, method or body throws `payload-changed`.
 *
 * A page of another origin needs the server to allow the header `Idempotency-Key` and to expose
 * `Idempotent-Replayed`, `Idempotency-Status`, `Retry-After` and, if it sends it, `Stripe-Should-Retry`.
 *
 * Sources: draft-ietf-httpapi-idempotency-key-header, RFC 9110 §10.2.3 (Retry-After), docs.stripe.com/error-low-level.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 * @example
 * ```ts
 * const pay = idempotentFetch({ maxAttempts: 5 })
 * try {
 *   const { response } = await pay('/v1/charges', { method: 'POST', body: form, operation: `checkout:${cart.id}` })
 *   response.ok ? showThanks() : showDeclined(await response.json())
 * } catch {
 *   showPayAgain() // the same operation continues: it can't be charged twice
 * }
 * ```
 */
export function idempotentFetch(options: ClientOptions = {}): IdempotentFetch {
  const settings = clientSettings(options);
  const emit = quietly(options.onEvent);
  const { storage, isShared, runtime } = settings;
  const keys = new KeyRing({ storage, isShared, timers: runtime.timers, emit });
  const client: Client = { settings, emit, keys, flights: new Map() };
  return Object.assign((input: string | URL | Request, init: OperationInit) => call(client, input, init), {
    isPending: async (operation: string) => (await keys.find(checkOperation(operation))) !== undefined,
    forget: async (operation: string) => {
      const found = await keys.find(checkOperation(operation));
      if (found !== undefined) await keys.drop(operation, found.key);
    },
  });
}

function checkOperation(operation: unknown): string {
  if (typeof operation === 'string' && operation.length >= 1 && operation.length <= 255) return operation;
  throw invalidOption('operation must be a string of 1 to 255 characters');
}

async function call(client: Client, input: string | URL | Request, init: OperationInit): Promise<OperationAnswer> {
  const { operation, ...fetchInit } = init;
  checkOperation(operation);
  const signal = callersSignal(input, init);
  const request = await prepareRequest(input, fetchInit);
  signal?.throwIfAborted();
  const answer = await flightFor(client, operation, request).join(signal);
  return { ...answer, response: answer.response.clone() };
}

function callersSignal(input: string | URL | Request, init: OperationInit): AbortSignal | undefined {
  if (init.signal !== undefined) return init.signal ?? undefined;
  return input instanceof Request ? input.signal : undefined;
}

function flightFor(client: Client, operation: string, request: PreparedRequest): Flight<OperationAnswer> {
  const running = client.flights.get(operation);
  if (running === undefined) return takeOff(client, operation, request);
  if (!sameRequest(running.request, request)) throw changed(operation);
  client.emit({ type: 'joined', operation });
  return running.flight;
}

function takeOff(client: Client, operation: string, request: PreparedRequest): Flight<OperationAnswer> {
  const land = () => {
    if (client.flights.get(operation)?.flight === flight) client.flights.delete(operation);
  };
  const flight = new Flight(async (control) => {
    try {
      return await perform(client, operation, request, control);
    } finally {
      land();
    }
  }, land);
  client.flights.set(operation, { request, flight });
  return flight;
}

async function perform(
  client: Client,
  operation: string,
  request: PreparedRequest,
  control: FlightControl,
): Promise<OperationAnswer> {
  const { settings, emit, keys } = client;
  const { runtime, totalTimeoutMs, keyTtlMs, sendFirstSent } = settings;
  const { clock } = runtime;
  const { signal } = control;
  const { entry, inDoubt } = await keyFor(client, operation, request, signal);
  const { key, createdAtMs } = entry;
  const deadlineMs = clock.monotonic() + Math.min(totalTimeoutMs, createdAtMs + keyTtlMs - clock.now());
  const call = { operation, key, inDoubt, request, settings, emit, signal, deadlineMs };
  /** Keeps the key until the operation is decided, and records whether any request may have been carried out. */
  const end = async (isDone: boolean, mayHaveHappened: boolean) => {
    control.settle();
    if (isDone) await keys.drop(operation, key);
    else if (!mayHaveHappened) await keys.update(operation, { ...entry, nothingDone: true });
  };
  try {
    const answered = await sendUntilAnswered(sendFirstSent ? { ...call, firstSentMs: createdAtMs } : call);
    const { mayHaveHappened, ...answer } = answered;
    await end(answer.final, mayHaveHappened);
    return { ...answer, key };
  } catch (error) {
    if (error instanceof NoAnswerError && !error.mayHaveHappened) await end(error.code === 'key-reused', false);
    throw error;
  }
}

interface FoundKey {
  readonly entry: StoredKey;
  /** True if an earlier request may have been carried out and its answer was lost. */
  readonly inDoubt: boolean;
}

async function keyFor(
  { settings, emit, keys }: Client,
  operation: string,
  request: PreparedRequest,
  caller: AbortSignal,
): Promise<FoundKey> {
  const { clock, random } = settings.runtime;
  const key = random.uuid();
  const made: StoredKey = { key, createdAtMs: clock.now(), digest: requestDigest(key, request) };
  const found = await keys.obtain(operation, made, caller);
  caller.throwIfAborted();
  if (found.key === key) return { entry: found, inDoubt: false };
  const ageMs = Math.max(0, clock.now() - found.createdAtMs);
  if (ageMs >= settings.keyTtlMs) throw expired(operation, ageMs);
  const digest = requestDigest(found.key, request);
  if (found.digest !== undefined && found.digest !== digest) throw changed(operation);
  emit({ type: 'resumed', operation, ageMs });
  const entry: StoredKey = { key: found.key, createdAtMs: found.createdAtMs, digest };
  // Before anything is sent: if the page is closed during the request, the outcome must count as unknown.
  if (found.nothingDone) await keys.update(operation, entry);
  return { entry, inDoubt: found.nothingDone !== true };
}

// The server may have forgotten an old key, so the operation could run again; with a new key it would. The caller has to
// find out whether it happened.
function expired(operation: string, ageMs: number): NoAnswerError {
  const message = `The key of '${operation}' is ${Math.round(ageMs / 3_600_000)} h old, and the server may have forgotten it. Find out what happened to the operation, then call forget().`;
  return new NoAnswerError('key-expired', message, { operation, attempts: 0, mayHaveHappened: true });
}

// The server would refuse it under the old key, and under a new key both requests could be carried out.
function changed(operation: string): NoAnswerError {
  const message = `'${operation}' was sent with another payload and has no final answer yet. Nothing was sent now. Send the former request again to get its outcome, or call forget() to give it up.`;
  return new NoAnswerError('payload-changed', message, { operation, attempts: 0, mayHaveHappened: true });
}
