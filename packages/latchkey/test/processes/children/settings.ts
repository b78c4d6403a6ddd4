/** The settings of a server process, as JSON in the environment. */

/** The name of the variable. */
export const settingsVariable = 'LATCHKEY_CHILD';

/** Where the store is, and through which of its clients. */
export type StoreSettings =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly client: 'pg' | 'postgres.js'; readonly port: number; readonly pool: number }
  | { readonly kind: 'mariadb'; readonly port: number; readonly pool: number }
  | { readonly kind: 'redis'; readonly client: 'ioredis' | 'node-redis'; readonly port: number }
  | { readonly kind: 'dynamodb'; readonly port: number; readonly table: string; readonly effects: string };

export interface ChildSettings {
  readonly worker: number;
  /** The file that the history goes to. */
  readonly log: string;
  readonly store: StoreSettings;
  /** The error of the process's wall clock. */
  readonly clockShiftMs: number;
}
