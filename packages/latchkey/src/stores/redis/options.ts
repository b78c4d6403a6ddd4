/**
 * The options of a store in Redis.
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
   * A client of yours; it stays open when the store closes. It must not put a prefix of its own before keys. Turn its
   * offline queue off, so that a request learns at once that Redis is away.
   */
  readonly client: RedisClient;
  /** Before the id of every record, as its key; nothing else may be kept under it. Default `'latchkey:'`. */
  readonly prefix?: string;
  /** Longest result that is kept, in bytes; a longer one leaves its tombstone. Default 16 MiB. */
  readonly maxResultBytes?: number;
  /**
   * Makes a claim and a completion wait until so many replicas have it (WAIT). With too few in time, the claim is given
   * back and the request refused as `store-unavailable`; a completion is tried again. WAIT holds up whatever else is
   * sent on the same connection, so give the store a client of its own. Behind Sentinel, node-redis must keep to one
   * connection (`masterPoolSize: 1`, its default).
   */
  readonly waitReplicas?: WaitReplicas;
  /** How long reading, listing, resolving, erasing, `ping` and `doctor` wait for an answer, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /** Clocks, timers and randomness. Leases and retention go by the server's clock. */
  readonly runtime?: Runtime;
}

const clients =
  'a client of ioredis 5.1 or later, or of redis (node-redis) 4.6 or later: a single one, a cluster or a Sentinel one';

/** What they may be. */
export const redisTable = {
  client: called(clientNames, required(must(clients, isRedisClient))),
  prefix: called(
    'keyPrefix namespace',
    defaultTo(
      must('a string without braces, and not empty', (value) => isText(value) && /^[^{}]+$/.test(value)),
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
