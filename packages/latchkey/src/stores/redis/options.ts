/**
 * The options of a Redis store.
 *
 * @module
 */

import {
  called,
  clientNames,
  defaultTo,
  integer,
  isText,
  longestTimerMs,
  must,
  type OptionTable,
  optionalGroup,
  required,
  runtimeOr,
  timerMs,
} from '../../core/options/rules.ts';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';
import { isRedisClient, type RedisClient } from './clients/recognize.ts';
import type { WaitReplicas } from './replicas.ts';

/** The settings of a `redisStore`. */
export interface RedisStoreOptions {
  /**
   * The client to use; it stays open when the store closes. It must not have a key prefix. Turn its offline queue off,
   * so that a request fails at once if Redis is unavailable.
   */
  readonly client: RedisClient;
  /** Prefix of all keys; no other data may use it. Default `'latchkey:'`. */
  readonly prefix?: string;
  /** Maximum size of a stored result in bytes; a longer one leaves a tombstone. Default 16 MiB. */
  readonly maxResultBytes?: number;
  /**
   * Makes a claim and a completion wait until this many replicas have it (WAIT). If too few have it in time, the claim
   * is given back and the request refused as `store-unavailable`; a completion is retried. WAIT delays other commands
   * on the same connection, so use a separate client for the store. Behind Sentinel, node-redis must use one connection
   * (`masterPoolSize: 1`, its default).
   */
  readonly waitReplicas?: WaitReplicas;
  /** Time limit of reading, listing, resolving, erasing, `ping` and `doctor`, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /** Clocks, timers and randomness. Leases and retention follow the server's clock. */
  readonly runtime?: Runtime;
}

const clients = 'a client (single, cluster or Sentinel) of ioredis 5.1 or later, or of redis (node-redis) 4.6 or later';

/** The option table. */
export const redisTable = {
  client: called(clientNames, required(must(clients, isRedisClient))),
  prefix: called(
    'keyPrefix namespace',
    defaultTo(
      must('a non-empty string without braces', (value) => isText(value) && /^[^{}]+$/.test(value)),
      'latchkey:',
    ),
  ),
  maxResultBytes: integer({ min: 1, max: 2 ** 29 - 2 ** 20, default: 2 ** 24 }),
  waitReplicas: optionalGroup({
    replicas: required(integer({ min: 1, max: 1_000 })),
    timeoutMs: required(integer({ min: 1, max: longestTimerMs })),
  }),
  timeoutMs: timerMs(10_000),
  runtime: runtimeOr(systemRuntime),
} satisfies OptionTable<RedisStoreOptions>;
