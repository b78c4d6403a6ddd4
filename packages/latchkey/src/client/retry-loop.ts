/**
 * Sends one operation until there is an answer, or until retrying is useless or out of time.
 *
 * @module
 */

import { sleep } from '../core/runtime.ts';
import { backoffMs } from '../core/support/backoff.ts';
import { FIRST_SENT_HEADER, KEY_HEADER } from '../protocol/headers.ts';
import { AnswerTooLarge, attemptOnce } from './attempt.ts';
import { classify, isReplayed, layerWord, type Meaning, saysNothingDone } from './classify.ts';
import type { ClientEventListener } from './client-events.ts';
import { isOffline, sleepOrOnline } from './network.ts';
import { NoAnswerError } from './no-answer-error.ts';
import type { LoopSettings } from './options.ts';
import type { PreparedRequest } from './request-bytes.ts';

const seconds = /^\d{1,9}$/;
const httpDate = /^[A-Za-z]{3,9},? .*(GMT|\d{4})$/;

function parseDate(text: string | null): number | undefined {
  if (text === null || !httpDate.test(text)) return undefined;
  const ms = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(ms) ? undefined : ms;
}

/**
 * The wait that the server asks for, in milliseconds; undefined if it asks for none. A date is compared with the
 * response's own Date header if there is one, since the caller's clock may be wrong.
 *
 * @param nowMs - the caller's wall clock, for a response without a Date.
 */
export function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const text = headers.get('retry-after')?.trim();
  if (text === undefined) return undefined;
  if (seconds.test(text)) return Number(text) * 1000;
  const at = parseDate(text);
  return at === undefined ? undefined : Math.max(0, at - (parseDate(headers.get('date')) ?? nowMs));
}

/** What all requests of one call share. */
export interface Call {
  readonly operation: string;
  readonly key: string;
  /** When the key was created, by the wall clock; sent to the server if it is set. */
  readonly firstSentMs?: number;
  /** True if a request of an earlier call may have been carried out and got no answer. */
  readonly inDoubt: boolean;
  readonly request: PreparedRequest;
  readonly settings: LoopSettings;
  readonly emit: ClientEventListener;
  readonly signal: AbortSignal;
  /** When to give up, on the monotonic clock. */
  readonly deadlineMs: number;
}

/** An answer for the caller. */
export interface Answered {
  readonly response: Response;
  readonly replayed: boolean;
  readonly attempts: number;
  /** False if the operation is undecided and the key is kept. */
  readonly final: boolean;
  /** False if every request of the operation was answered, and none of them was carried out. */
  readonly mayHaveHappened: boolean;
}

/** The state of a call. */
interface Progress {
  requests: number;
  /** Requests that count towards `maxAttempts`. */
  failures: number;
  /** Requests in a row that found the operation in progress. */
  waits: number;
  inDoubt: boolean;
}

interface Tried {
  readonly meaning: Meaning | 'response-too-large';
  readonly response?: Response;
  readonly error?: unknown;
  readonly replayed?: boolean;
  /** True if the answer proves that the request did nothing. */
  readonly nothingDone?: boolean;
}

/**
 * Sends requests until one gets the answer.
 *
 * @throws NoAnswerError if there is no answer; the reason of the call's signal if that aborts.
 */
export async function sendUntilAnswered(call: Call): Promise<Answered> {
  const progress: Progress = { requests: 0, failures: 0, waits: 0, inDoubt: call.inDoubt };
  for (;;) {
    const tried = await tryOnce(call, progress);
    const { meaning, response, replayed = false } = tried;
    progress.requests += 1;
    if (tried.nothingDone !== true) progress.inDoubt = true;
    if (response && (meaning === 'final' || meaning === 'come-back')) {
      const { requests: attempts, inDoubt: mayHaveHappened } = progress;
      return { response, replayed, attempts, final: meaning === 'final', mayHaveHappened };
    }
    if (meaning in notRetryable) {
      throw noAnswer(call, progress, tried, notRetryable[meaning as keyof typeof notRetryable]);
    }
    await pause(call, progress, tried);
  }
}

async function tryOnce(call: Call, { inDoubt }: Progress): Promise<Tried> {
  const { settings, signal } = call;
  const timeLeftMs = call.deadlineMs - settings.runtime.clock.monotonic();
  const limits = { ...settings, attemptTimeoutMs: Math.max(0, Math.min(settings.attemptTimeoutMs, timeLeftMs)) };
  const sentKey = settings.keyStyle === 'bare' ? call.key : `"${call.key}"`;
  try {
    const response = await attemptOnce((cut) => send(call, sentKey, cut), limits, settings.runtime.timers, signal);
    const said = await layerWord(response);
    const meaning = classify(response, said, { inDoubt, sentKey, finalStatuses: settings.finalStatuses });
    return {
      meaning,
      response,
      replayed: isReplayed(response, said),
      nothingDone: saysNothingDone(response, said),
    };
  } catch (error) {
    signal.throwIfAborted();
    return { meaning: error instanceof AnswerTooLarge ? 'response-too-large' : 'retry', error };
  }
}

async function send(call: Call, sentKey: string, signal: AbortSignal): Promise<Response> {
  const { request, firstSentMs, settings } = call;
  const headers = new Headers(request.headers);
  headers.set(KEY_HEADER, sentKey);
  if (firstSentMs !== undefined) headers.set(FIRST_SENT_HEADER, new Date(firstSentMs).toUTCString());
  const { init, method, body } = request;
  // Called as a plain function: a browser's fetch throws if it is called as a method of another object.
  const { fetch: sendWith } = settings;
  return sendWith(request.url, { ...init, method, headers, signal, ...(body ? { body } : {}) });
}

async function pause(call: Call, progress: Progress, tried: Tried): Promise<void> {
  const { maxAttempts, totalTimeoutMs, runtime } = call.settings;
  const isWaiting = tried.meaning === 'wait';
  const offline = tried.response === undefined && isOffline();
  progress.waits = isWaiting ? progress.waits + 1 : 0;
  if (!isWaiting && !offline) progress.failures += 1;
  if (progress.failures >= maxAttempts) {
    throw noAnswer(call, progress, tried, `All ${maxAttempts} attempts failed.${adviceOn(tried)}`);
  }
  const delayMs = offline ? offlineMs(call) : isWaiting ? waitMs(call, progress) : delayBefore(call, progress, tried);
  if (runtime.clock.monotonic() + delayMs >= call.deadlineMs) {
    const why = `The next attempt would come after totalTimeoutMs (${totalTimeoutMs}).${adviceOn(tried)}`;
    throw noAnswer(call, progress, tried, why);
  }
  const why = tried.response === undefined ? { error: tried.error } : { status: tried.response.status };
  call.emit({
    type: 'retrying',
    operation: call.operation,
    attempt: progress.requests,
    delayMs,
    ...(offline && { offline }),
    ...why,
  });
  if (tried.response === undefined) await sleepOrOnline(runtime.timers, delayMs, call.signal);
  else await sleep(runtime.timers, delayMs, call.signal);
}

/** A browser may be wrong about its network, or may not notice when it is back: keep trying. */
function offlineMs({ settings }: Call): number {
  return Math.max(1_000, settings.maxDelayMs);
}

/** One second, then two seconds each time, plus or minus a fifth: the lease says nothing about how long a handler runs. */
function waitMs({ settings }: Call, { waits }: Progress): number {
  return Math.ceil(Math.min(waits, 2) * 1_000 * (0.8 + 0.4 * settings.runtime.random.fraction()));
}

// An overloaded server sends the same Retry-After to everyone; jitter spreads the retries.
function delayBefore({ settings }: Call, { failures }: Progress, tried: Tried): number {
  const limits = { baseMs: settings.baseDelayMs, capMs: settings.maxDelayMs };
  const askedMs = askedToWait(settings, tried);
  const retry = askedMs === undefined ? failures - 1 : 0;
  return Math.ceil((askedMs ?? 0) + backoffMs(retry, limits, settings.runtime.random));
}

function askedToWait({ runtime }: LoopSettings, { response }: Tried): number | undefined {
  return response && retryAfterMs(response.headers, runtime.clock.now());
}

const notRetryable = {
  'in-progress': 'The operation still runs, and the server asked for no more retries.',
  'key-quarantined':
    'The server restored its records from a backup and does not know whether the operation was carried out.',
  'key-reused': 'The server knows the key from a request with another payload, which may have been carried out.',
  'outcome-unknown': "The server's worker died during the operation, and its outcome is unknown.",
  'response-too-large': 'The answer is longer than maxResponseBytes.',
} as const;

function adviceOn({ meaning, response }: Tried): string {
  if (meaning !== 'unrecognised') return '';
  return ` An earlier request got no answer, and nothing shows that this one (status ${response?.status}) is the operation's own. If the server neither marks its answers nor echoes the key, list the statuses of its answers in finalStatuses.`;
}

function noAnswer(call: Call, progress: Progress, tried: Tried, why: string): NoAnswerError {
  const { operation, settings } = call;
  const { meaning, response, error } = tried;
  const attempts = progress.requests;
  const askedMs = askedToWait(settings, tried);
  const code = meaning in notRetryable ? (meaning as keyof typeof notRetryable) : 'retries-exhausted';
  return new NoAnswerError(code, `No answer to '${operation}' after ${attempts} requests: ${why}`, {
    operation,
    attempts,
    mayHaveHappened: progress.inDoubt,
    ...(response && { response }),
    ...(askedMs !== undefined && { retryAfterMs: askedMs }),
    ...(error !== undefined && { cause: error }),
  });
}
