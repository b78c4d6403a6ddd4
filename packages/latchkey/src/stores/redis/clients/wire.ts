/**
 * What the store uses of a client library.
 *
 * @module
 */

import { type Buffer, isAscii } from 'node:buffer';
import { asBuffer } from '../../../core/support/codec.ts';

/** An argument of a command; numbers are sent as text. */
export type Argument = string | Buffer;

/** Sends commands to the server of a key. Replies are numbers, buffers, and arrays of them. */
export interface Wire {
  /** SET with NX, GET and PX: returns the existing value, or null if this one was set, for `lifeMs` milliseconds. */
  setNew(key: string, value: Argument, lifeMs: number): Promise<unknown>;
  /** EVALSHA with one key. */
  evalSha(sha: string, key: string, args: readonly Argument[]): Promise<unknown>;
  /** EVAL with one key; the server keeps the script. */
  eval(source: string, key: string, args: readonly Argument[]): Promise<unknown>;
  /** All masters, always in the same order; a single server is one. */
  nodes(): Promise<readonly Node[]>;
  /** The connection on which commands for the key are sent. */
  nodeOf(key: string): Promise<Node>;
  /** Opens a separate connection for messages. */
  subscriber(onMessage: (channel: string) => void): Subscriber;
  /** Whether commands are queued while the server is unavailable; undefined if unknown. */
  queuesOffline(): boolean | undefined;
}

/** One server. */
export interface Node {
  /** The client that holds the connection. */
  readonly connection: object;
  /** Changes with every reconnection, to the same server or to a new master. */
  epoch(): unknown;
  /** Host and port. */
  readonly name: string;
  /** Any command; replies are text, numbers, and arrays or objects of them. */
  command(...args: readonly string[]): Promise<unknown>;
}

/** A connection for messages. Its errors are ignored: messages are only hints. */
export interface Subscriber {
  subscribe(channel: string): void;
  unsubscribe(channel: string): void;
  close(): void;
}

/** Bytes up to this length are checked for being ASCII. */
const maxTextBytes = 65_536;

/**
 * Bytes as an argument: a string if they are ASCII, since a single Buffer makes ioredis copy the whole pipeline, and
 * node-redis write the command in three pieces.
 */
export function argumentOf(bytes: Uint8Array): Argument {
  const buffer = asBuffer(bytes);
  return buffer.byteLength <= maxTextBytes && isAscii(buffer) ? buffer.toString('latin1') : buffer;
}

/** Ignores the rejection of a promise that only carries hints. */
export function forget(promise: unknown): void {
  Promise.resolve(promise).catch(() => {});
}
