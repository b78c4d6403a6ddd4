/**
 * The server's time, estimated from the `Date` headers of its answers. Conditions in DynamoDB cannot use its clock,
 * and the workers' clocks may differ by minutes.
 *
 * A `Date` header has whole seconds. A request sent at `s` and answered at `r` on the monotonic clock, with the date
 * `d`, shows that the server's time minus the monotonic time is between `d - r` and `d + 1000 - s`. Several answers
 * together narrow that down to about a round trip.
 *
 * @module
 */

import { StoreUnavailableError } from '../../core/errors.ts';
import type { Clock } from '../../core/runtime.ts';
import type { AnswerHandler, DynamodbClient } from './client.ts';

/** A time and its uncertainty. */
export interface Instant {
  /** The earliest possible time, in milliseconds since the epoch; leases and expiries are compared with it. */
  readonly nowMs: number;
  /** How much later it may be; it is added to every lease and retention. */
  readonly uncertaintyMs: number;
}

/** Allowance for differences between the clocks of DynamoDB's machines, and for drift between two answers. */
const allowanceMs = 100;

const secondMs = 1_000;

/** Quartz clocks drift by less than 0.01 %. */
const driftRate = 1e-4;

/** Maximum age of an estimate. */
const freshMs = 60_000;

/** If wall clock and monotonic clock differ by more than this, the machine slept, or its clock was set. */
const sleepMs = 500;

interface Bounds {
  /** Lower bound of the server's time minus the monotonic time. */
  readonly leastMs: number;
  readonly mostMs: number;
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Lower and upper bounds of the server's time. */
export class ServerClock {
  readonly #clock: Clock;
  #bounds: Bounds | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds an answer that has just arrived: when its request was sent, and its date. */
  observe(sentAtMs: number, dateMs: number): void {
    const monotonicMs = this.#clock.monotonic();
    const seen = { leastMs: dateMs - monotonicMs, mostMs: dateMs + secondMs - sentAtMs };
    const before = this.#isFresh() ? this.#bounds : undefined;
    const drift = before === undefined ? 0 : (monotonicMs - before.monotonicMs) * driftRate;
    const leastMs = before === undefined ? seen.leastMs : Math.max(before.leastMs - drift, seen.leastMs);
    const mostMs = before === undefined ? seen.mostMs : Math.min(before.mostMs + drift, seen.mostMs);
    // Contradicting answers come from machines with different clocks, or a clock was set: the last one counts.
    const bounds = leastMs <= mostMs ? { leastMs, mostMs } : seen;
    this.#bounds = { ...bounds, monotonicMs, wallMs: this.#clock.now() };
  }

  /** The time; undefined without a recent answer. */
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

/** The clock of a store. */
export interface TimeSource {
  now(): Promise<Instant>;
  close(): void;
}

/** Stores may share a client, so their observers need different names. */
let observers = 0;

/** This machine's own wall clock, without uncertainty. */
export function ownTime(clock: Clock): TimeSource {
  return { now: async () => ({ nowMs: clock.now(), uncertaintyMs: 0 }), close: () => {} };
}

/**
 * The server's clock, from the answers to all calls of `client`. `ask` makes a call only for its date: once at first,
 * and after a minute without calls.
 */
export function serverTime(client: DynamodbClient, clock: Clock, ask: () => Promise<unknown>): TimeSource {
  const server = new ServerClock(clock);
  observers += 1;
  const name = `latchkeyServerTime${observers}`;
  let asking: Promise<unknown> | undefined;
  // The lowest priority is nearest to the network and sees all answers, including errors.
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
