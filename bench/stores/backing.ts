import type { Engines } from './apps/app.ts';

/** The server of a contest, with a separate connection for the bench. */
export interface Backing {
  readonly engines: Engines;
  clear(): Promise<void>;
  /** Number of client commands that the server counted meanwhile. */
  commandsDuring(act: () => Promise<unknown>): Promise<number>;
  stop(): Promise<void>;
}
