/** The rows of the table: which server is under load, and with which keys. */

import type { Keys } from './load/requests.ts';

export type RowName = 'bare' | 'memory-first' | 'memory-replay' | 'sqlite-first' | 'sqlite-replay';

/** In the order of the table. */
export const rowNames: readonly RowName[] = ['bare', 'memory-first', 'memory-replay', 'sqlite-first', 'sqlite-replay'];

export interface Row {
  readonly name: RowName;
  /** What the row is called in the table. */
  readonly title: string;
  readonly store: 'none' | 'memory' | 'sqlite';
  readonly keys: Keys;
}

export const rows: Readonly<Record<RowName, Row>> = {
  bare: { name: 'bare', title: 'bare node:http', store: 'none', keys: 'unique' },
  'memory-first': { name: 'memory-first', title: 'memory, first requests', store: 'memory', keys: 'unique' },
  'memory-replay': { name: 'memory-replay', title: 'memory, replays', store: 'memory', keys: 'repeated' },
  'sqlite-first': { name: 'sqlite-first', title: 'SQLite FULL, first requests', store: 'sqlite', keys: 'unique' },
  'sqlite-replay': { name: 'sqlite-replay', title: 'SQLite FULL, replays', store: 'sqlite', keys: 'repeated' },
};

export function isRowName(name: string): name is RowName {
  return rowNames.some((known) => known === name);
}

export function eachRow<Value>(make: (name: RowName) => Value): Record<RowName, Value> {
  return {
    bare: make('bare'),
    'memory-first': make('memory-first'),
    'memory-replay': make('memory-replay'),
    'sqlite-first': make('sqlite-first'),
    'sqlite-replay': make('sqlite-replay'),
  };
}
