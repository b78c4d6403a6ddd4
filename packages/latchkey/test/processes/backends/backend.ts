/** A real server with a store's tables, and how processes reach it. */

import type { TcpProxy } from '../../servers/tcp-proxy.ts';
import type { StoreSettings } from '../children/settings.ts';

export interface Backend {
  readonly name: StoreSettings['kind'];
  /** What a worker opens; workers use the store's clients in turn. */
  settings(worker: number): StoreSettings;
  /** Whether leases go by a clock that is not the workers'. */
  readonly ownClock: boolean;
  readonly hasTransactions: boolean;
  /** What all workers connect through; absent where there is no server. */
  readonly proxy?: TcpProxy;
  /** Ends the server as a power cut would, and starts it again on what it had kept; absent if it keeps nothing. */
  restart?(): Promise<void>;
  /**
   * Steps the store's clock: forward by `ms`, or back. Where there is no server of its own that can be given another
   * clock, it brings the end of every lease nearer, record by record.
   */
  stepClock(ms: number): Promise<void>;
  /** Makes the server forget the scripts that it was taught; absent where there are none. */
  flushScripts?(): Promise<void>;
  /** Whether a worker that is frozen now would stop all others; absent where that can't be. */
  isLocked?(): boolean;
  /** The rows that transactions wrote: `key run`. */
  effects(): Promise<readonly string[]>;
  /** A file's path in the run's own folder. */
  path(name: string): string;
  stop(): Promise<void>;
}

/** Connections of each worker: few, so that the pool runs out. */
export const poolSize = 4;
