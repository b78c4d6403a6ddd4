/**
 * The server's time, estimated from the `Date` fields of its answers. DynamoDB has no clock that a condition could
 * ask, and the workers' own may be minutes apart.
 *
 * A `Date` field is in whole seconds. An answer that was sent for at `s` and came at `r` on our monotonic clock, with
 * the date `d`, says that the server's time less ours lies between `d - r` and `d + 1000 - s`; what several answers
 * say together narrows it down to about a round trip.
 *
 * @module
 */

import { StoreUnavailableError } from '../../core/errors.ts';
import type { Clock } from '../../core/runtime.ts';
import type { AnswerHandler, DynamodbClient } from './client.ts';

/** A reading of a clock that knows how far it may be off. */
export interface Instant {
  /** The earliest that it can be now, in milliseconds since the epoch: what a lease or an expiry is held against. */
  readonly nowMs: number;
  /** How much later it may be: what every lease and retention is given on top. */
  readonly uncertaintyMs: number;
}

/** How far the clocks of the service's own machines may be apart, or ours may drift between two answers. */
const allowanceMs = 100;

const secondMs = 1_000;

/** Quartz is off by less than 0.01 %. */
const driftRate = 1e-4;

/** An estimate older than this is made again. */
const freshMs = 60_000;

/** If wall clock and monotonic clock differ by more than this since, the machine slept, or its time was set. */
const sleepMs = 500;

interface Bounds {
  /** Of the server's time less our monotonic one. */
  readonly leastMs: number;
  readonly mostMs: number;
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** The bounds between which the server's time must lie. */
export class ServerClock {
  readonly #clock: Clock;
  #bounds: Bounds | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes in an answer that has just come: when it was sent for, and the date in it. */
  observe(sentAtMs: number, dateMs: number): void {
    const monotonicMs = this.#clock.monotonic();
    const seen = { leastMs: dateMs - monotonicMs, mostMs: dateMs + secondMs - sentAtMs };
    const before = this.#isFresh() ? this.#bounds : undefined;
    const drift = before === undefined ? 0 : (monotonicMs - before.monotonicMs) * driftRate;
    const leastMs = before === undefined ? seen.leastMs : Math.max(before.leastMs - drift, seen.leastMs);
    const mostMs = before === undefined ? seen.mostMs : Math.min(before.mostMs + drift, seen.mostMs);
    // Answers that contradict each other come from machines that disagree, or time was set: the last one holds.
    const bounds = leastMs <= mostMs ? { leastMs, mostMs } : seen;
    this.#bounds = { ...bounds, monotonicMs, wallMs: this.#clock.now() };
  }

  /** The time; undefined until an answer has been seen of late. */
  read(): Instant | undefined {
    if (this.#bounds === undefined || !this.#isFresh()) return undefined;
    const monotonicMs = this.#clock.monotonic();
    const nowMs = Math.floor(monotonicMs + this.#bounds.leastMs - allowanceMs);
    const latestMs = Math.ceil(monotonicMs + this.#bounds.mostMs + allowanceMs);
    return { nowMs, uncertaintyMs: latestMs - nowMs };
  }

  #isFresh(): boolean {
    if (this.#bounds === undefined) return false;
    const elapsedMs = this.#clock.monotonic() - this.#bounds.monotonicMs;
    const wallElapsedMs = this.#clock.now() - this.#bounds.wallMs;
    return elapsedMs < freshMs && Math.abs(wallElapsedMs - elapsedMs) < sleepMs;
  }
}

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
    "DynamoDB answers have no Date header to take the time from. Set clock: 'own' to use this machine's clock.",
  );
}
