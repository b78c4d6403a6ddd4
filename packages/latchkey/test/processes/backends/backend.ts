/** A real server with a store's tables, and its address for processes. */

import type { TcpProxy } from '../../servers/tcp-proxy.ts';
import type { StoreSettings } from '../children/settings.ts';

export interface Backend {
  readonly name: StoreSettings['kind'];
  /** The settings of a worker's store; workers use different clients in turn. */
  settings(worker: number): StoreSettings;
  /** Whether leases follow a clock other than the workers'. */
  readonly ownClock: boolean;
  readonly hasTransactions: boolean;
  /** The proxy of all workers; absent without a server. */
  readonly proxy?: TcpProxy;
  /** Ends the server as a power cut would, and restarts it with its persisted data; absent if it persists nothing. */
  restart?(): Promise<void>;
  /**
   * Steps the store's clock by `ms`, forward or back. Without a server whose clock can be changed, it moves the end of
   * every lease instead.
   */
  stepClock(ms: number): Promise<void>;
  /** Makes the server forget its scripts; absent for a server without scripts. */
  flushScripts?(): Promise<void>;
  /** Whether freezing a worker now would block all others; absent if that is impossible. */
  isLocked?(): boolean;
  /** The rows written by transactions: `key run`. */
  effects(): Promise<readonly string[]>;
  /** A file's path in the run's own folder. */
  path(name: string): string;
  stop(): Promise<void>;
}

/** Connections of each worker: few, so that the pool runs out. */
export const poolSize = 4;
