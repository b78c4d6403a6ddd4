import type { Engines } from './apps/app.ts';

/** The server behind a contest, with a connection of the bench's own. */
export interface Backing {
  readonly engines: Engines;
  clear(): Promise<void>;
  /** How many commands the server counted that its clients sent meanwhile. */
  commandsDuring(act: () => Promise<unknown>): Promise<number>;
  stop(): Promise<void>;
}
