/**
 * Where the store takes the time from.
 *
 * @module
 */

import { StoreUnavailableError } from '../../core/errors.ts';
import type { Clock } from '../../core/runtime.ts';
import type { AnswerHandler, DynamodbClient } from './client.ts';
import { type Instant, ServerClock } from './clock.ts';

/** Tells the time to a store. */
export interface TimeSource {
  now(): Promise<Instant>;
  close(): void;
}

/** Stores may share a client, whose observers need names of their own. */
let observers = 0;

/** This machine's own wall clock, taken at its word. */
export function ownTime(clock: Clock): TimeSource {
  return { now: async () => ({ nowMs: clock.now(), uncertaintyMs: 0 }), close: () => {} };
}

/**
 * The server's clock, from the answers to every call that goes through `client`. `ask` makes a call for its answer
 * alone: needed once at first, and after a minute without any call.
 */
export function serverTime(client: DynamodbClient, clock: Clock, ask: () => Promise<unknown>): TimeSource {
  const server = new ServerClock(clock);
  observers += 1;
  const name = `latchkeyServerTime${observers}`;
  let asking: Promise<unknown> | undefined;
  // The lowest priority is next to the wire: answers are seen there whether they are errors or not.
  client.middlewareStack.add(observer(server, clock), { step: 'deserialize', priority: 'low', name });
  const askOnce = () => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
  return {
    async now() {
      const known = server.read();
      if (known !== undefined) return known;
      await askOnce();
      return server.read() ?? noDate();
    },
    close: () => void client.middlewareStack.remove(name),
  };
}

function observer(server: ServerClock, clock: Clock): (next: AnswerHandler) => AnswerHandler {
  return (next) => async (args) => {
    const sentAtMs = clock.monotonic();
    const answer = await next(args);
    const dateMs = dateOf(answer.response);
    if (!Number.isNaN(dateMs)) server.observe(sentAtMs, dateMs);
    return answer;
  };
}

function dateOf(response: unknown): number {
  const headers: unknown = Reflect.get(Object(response), 'headers');
  return Date.parse(String(Reflect.get(Object(headers), 'date')));
}

function noDate(): never {
  throw new StoreUnavailableError(
    'The answers of DynamoDB carry no Date field to take the time from; set the option clock: "own" to do without.',
  );
}
