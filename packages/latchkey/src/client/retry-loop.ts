/**
 * Sends one operation until there is an answer, or no more reason or time to ask.
 *
 * @module
 */

import { backoffMs } from '../core/backoff.ts';
import { sleep } from '../core/runtime.ts';
import { AnswerTooLarge, attemptOnce } from './attempt.ts';
import type { ClientEventListener } from './client-events.ts';
import { layerWord } from './layer-word.ts';
import { NoAnswerError } from './no-answer-error.ts';
import type { LoopSettings } from './options.ts';
import type { PreparedRequest } from './request-bytes.ts';
import { retryAfterMs } from './retry-after.ts';
import { type Verdict, weigh } from './verdict.ts';

/** Everything that the attempts of one operation share. */
export interface Errand {
  readonly operation: string;
  readonly key: string;
  /** When the key was made, by the wall clock; told to the server if it is given. */
  readonly firstSentMs?: number;
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
  readonly attempts: number;
  /** False if the key is kept, because the operation wasn't decided. */
  readonly final: boolean;
}

/** An attempt that brought no answer. */
interface Unanswered {
  readonly verdict: Exclude<Verdict, 'final' | 'come-back'> | 'response-too-large';
  readonly response?: Response;
  readonly error?: unknown;
}

type Tried =
  | { readonly verdict: 'final'; readonly response: Response }
  | { readonly verdict: 'come-back'; readonly response: Response }
  | Unanswered;

/**
 * Runs the attempts.
 *
 * @throws NoAnswerError if there is no answer; the reason of the errand's signal if that aborts.
 */
export async function runErrand(errand: Errand): Promise<Answered> {
  for (let attempts = 1; ; attempts += 1) {
    const tried = await tryOnce(errand);
    if (tried.verdict === 'final' || tried.verdict === 'come-back') {
      return { response: tried.response, attempts, final: tried.verdict === 'final' };
    }
    if (tried.verdict !== 'retry') throw noAnswer(errand, attempts, tried, hopeless[tried.verdict]);
    await pause(errand, attempts, tried);
  }
}

async function tryOnce(errand: Errand): Promise<Tried> {
  const { settings, signal } = errand;
  const timeLeftMs = errand.deadlineMs - settings.runtime.clock.monotonic();
  const limits = { ...settings, attemptTimeoutMs: Math.max(0, Math.min(settings.attemptTimeoutMs, timeLeftMs)) };
  try {
    const response = await attemptOnce((cut) => send(errand, cut), limits, settings.runtime.timers, signal);
    return { verdict: weigh(response, await layerWord(response)), response };
  } catch (error) {
    signal.throwIfAborted();
    return { verdict: error instanceof AnswerTooLarge ? 'response-too-large' : 'retry', error };
  }
}

async function send({ request, key, firstSentMs, settings }: Errand, signal: AbortSignal): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.set('idempotency-key', settings.keyStyle === 'bare' ? key : `"${key}"`);
  if (firstSentMs !== undefined) headers.set('repeatability-first-sent', new Date(firstSentMs).toUTCString());
  const { init, method, body } = request;
  // Called by itself: a browser's own fetch refuses to be the method of another object.
  const { fetch: sendWith } = settings;
  return sendWith(request.url, { ...init, method, headers, signal, ...(body ? { body } : {}) });
}

async function pause(errand: Errand, attempts: number, tried: Unanswered): Promise<void> {
  const { maxAttempts, totalTimeoutMs, runtime } = errand.settings;
  if (attempts >= maxAttempts) throw noAnswer(errand, attempts, tried, `All ${maxAttempts} attempts failed.`);
  const delayMs = delayBefore(errand, attempts, tried);
  if (runtime.clock.monotonic() + delayMs >= errand.deadlineMs) {
    throw noAnswer(errand, attempts, tried, `The next attempt would come after totalTimeoutMs (${totalTimeoutMs}).`);
  }
  const why = tried.response === undefined ? { error: tried.error } : { status: tried.response.status };
  errand.emit({ type: 'retrying', operation: errand.operation, attempt: attempts, delayMs, ...why });
  await sleep(runtime.timers, delayMs, errand.signal);
}

// A server in trouble tells everyone the same Retry-After; without some jitter everyone would come back at once.
function delayBefore({ settings }: Errand, attempts: number, tried: Unanswered): number {
  const limits = { baseMs: settings.baseDelayMs, capMs: settings.maxDelayMs };
  const askedMs = askedToWait(settings, tried);
  const retry = askedMs === undefined ? attempts - 1 : 0;
  return Math.ceil((askedMs ?? 0) + backoffMs(retry, limits, settings.runtime.random));
}

function askedToWait({ runtime }: LoopSettings, { response }: Unanswered): number | undefined {
  return response && retryAfterMs(response.headers, runtime.clock.now());
}

const hopeless = {
  'in-progress': 'The operation still runs, and the server asked not to be asked again now.',
  'key-quarantined':
    'The server restored its records from a backup and cannot say whether the operation was carried out before.',
  'key-reused': 'The server knows the key from a request with another payload, which may have been carried out.',
  'outcome-unknown': 'The server died in the middle of the operation and cannot say what became of it.',
  'response-too-large': 'The answer is longer than maxResponseBytes.',
} as const;

function noAnswer(errand: Errand, attempts: number, tried: Unanswered, why: string): NoAnswerError {
  const { operation, settings } = errand;
  const { verdict, response, error } = tried;
  const waitMs = askedToWait(settings, tried);
  const code = verdict === 'retry' ? 'retries-exhausted' : verdict;
  return new NoAnswerError(code, `No answer to '${operation}' after ${attempts} requests: ${why}`, {
    operation,
    attempts,
    ...(response && { response }),
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
    ...(error !== undefined && { cause: error }),
  });
}
