/**
 * A call to another system inside a step. It sends the step's key and is retried under the operation's lease.
 *
 * @module
 */

import { readOptions } from '../core/options/read-options.ts';
import { quietly } from './client-events.ts';
import { NoAnswerError } from './no-answer-error.ts';
import { type StepFetchOptions, stepTable } from './options.ts';
import { prepareRequest } from './request-bytes.ts';
import { type Answered, sendUntilAnswered } from './retry-loop.ts';

export type { StepFetchOptions } from './options.ts';

/** The part of a step's tools that the call uses. */
export interface StepKey {
  /** Sent as the Idempotency-Key: the same for every attempt of the operation, different for every operation. */
  readonly idempotencyKey: string;
  /** Aborts when this worker loses the operation's record. */
  readonly signal: AbortSignal;
  /** True if an earlier attempt of the operation may have made the call and lost its answer. */
  readonly mayHaveBegun?: boolean;
}

function signalOf(tools: StepKey, input: string | URL | Request, init: RequestInit): AbortSignal {
  const callers = init.signal === undefined && input instanceof Request ? input.signal : init.signal;
  return callers ? AbortSignal.any([tools.signal, callers]) : tools.signal;
}

function undecided(operation: string, { response, attempts, mayHaveHappened }: Answered): NoAnswerError {
  const message = `No answer to '${operation}' after ${attempts} requests: ${response.status} says that it is not decided.`;
  return new NoAnswerError('retries-exhausted', message, { operation, attempts, mayHaveHappened, response });
}

/**
 * Sends a request that changes something to another system, with the step's key in the Idempotency-Key header, and
 * resolves with its final answer, whatever the status. It retries as `idempotentFetch` does, with the same key and
 * bytes, until the operation's lease is lost; no key is stored, since it can be derived again. A redirect is not
 * followed, and counts as an answer only if the other system marks it as its own, echoes the key, or `finalStatuses`
 * lists it. After a request without an answer, also one of an earlier attempt of the operation, that holds for every answer.
 *
 * The step must send the same request in every attempt of the operation: build it from the operation's own request and
 * from saved steps, never from the time or a random value.
 *
 * @throws NoAnswerError if there is no final answer. That includes answers that say "nothing was done, come back"
 * (401, 407, 408 and, when no attempts are left, 425, 429 and 503): the step has to be retried.
 * @throws LatchkeyError `body-not-replayable` for a stream; `option-unknown`, `option-invalid`.
 * @throws the signal's reason when the lease is lost.
 * @example
 * ```ts
 * const charge = await context.step('charge', async (tools) => {
 *   const response = await stepFetch(tools, 'https://api.stripe.com/v1/charges', { method: 'POST', headers, body }, { keyStyle: 'bare' })
 *   return response.json()
 * })
 * ```
 */
export async function stepFetch(
  tools: StepKey,
  input: string | URL | Request,
  init: RequestInit = {},
  options: StepFetchOptions = {},
): Promise<Response> {
  const { operation: name, ...settings } = readOptions('stepFetch', stepTable, options);
  const signal = signalOf(tools, input, init);
  signal.throwIfAborted();
  const request = await prepareRequest(input, init);
  const operation = name ?? `${request.method} ${new URL(request.url).host}`;
  const deadlineMs = settings.runtime.clock.monotonic() + settings.totalTimeoutMs;
  const emit = quietly(settings.onEvent);
  const key = tools.idempotencyKey;
  const inDoubt = tools.mayHaveBegun === true;
  const answered = await sendUntilAnswered({ operation, key, inDoubt, request, settings, emit, signal, deadlineMs });
  if (!answered.final) throw undecided(operation, answered);
  return answered.response;
}
