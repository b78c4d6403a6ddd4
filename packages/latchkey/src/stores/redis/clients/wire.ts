/**
 * What the store needs of a client library, whichever it is.
 *
 * @module
 */

import { type Buffer, isAscii } from 'node:buffer';
import { asBuffer } from '../../../core/support/codec.ts';

/** An argument of a command; a number is sent as text. */
export type Argument = string | Buffer;

/** Speaks to whichever server holds the key. Replies are numbers, buffers, and arrays of them. */
export interface Wire {
  /** SET with NX, GET and PX: the value that is there, or null once this one is, for `lifeMs` milliseconds. */
  setNew(key: string, value: Argument, lifeMs: number): Promise<unknown>;
  /** EVALSHA with one key. */
  evalSha(sha: string, key: string, args: readonly Argument[]): Promise<unknown>;
  /** EVAL with one key; the server knows the script from then on. */
  eval(source: string, key: string, args: readonly Argument[]): Promise<unknown>;
  /** Every master: one, or all those of a cluster, always in the same order. */
  nodes(): Promise<readonly Node[]>;
  /** The very connection on which commands for the key are sent. */
  nodeOf(key: string): Promise<Node>;
  /** Opens a connection of its own for messages. */
  subscriber(onMessage: (channel: string) => void): Subscriber;
  /** Whether commands are held back while the server is away; undefined if the client doesn't tell. */
  queuesOffline(): boolean | undefined;
}

/** One server. */
export interface Node {
  /** The client that holds the connection. */
  readonly connection: object;
  /** Another value after every reconnection, be it to the same server or to the one that took over. */
  epoch(): unknown;
  /** Host and port. */
  readonly name: string;
  /** Any command; replies are text, numbers, and arrays or objects of them. */
  command(...args: readonly string[]): Promise<unknown>;
}

/** A connection that listens. What fails here is lost: messages are hints. */
export interface Subscriber {
  subscribe(channel: string): void;
  unsubscribe(channel: string): void;
  close(): void;
}

/** Up to here bytes are looked through for whether they are text. */
const maxTextBytes = 65_536;

/**
 * Bytes as an argument: a string where that is the same, since a single Buffer makes ioredis copy the whole pipeline
 * that it is part of, and node-redis write its command in three pieces.
 */
export function argumentOf(bytes: Uint8Array): Argument {
  const buffer = asBuffer(bytes);
  return buffer.byteLength <= maxTextBytes && isAscii(buffer) ? buffer.toString('latin1') : buffer;
}

/** For promises whose failure costs nothing but a hint. */
export function forget(promise: unknown): void {
  Promise.resolve(promise).catch(() => {});
}
