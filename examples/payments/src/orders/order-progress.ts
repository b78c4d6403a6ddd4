/** The progress of orders by step and attempt, for the page. */

import { EventEmitter } from 'node:events';
import type { DatabaseSync } from 'node:sqlite';

/** The steps of an order, in their order. */
export const stepNames = ['reserve', 'charge', 'order', 'mail'] as const;

/** A step of an order. */
export type StepName = (typeof stepNames)[number];

/** What an attempt did at a step: ran it, or found the result of an earlier attempt. */
type Doing = 'ran' | 'resumed';

/** One attempt at one step. */
export interface StepNote {
  readonly step: StepName;
  readonly attempt: number;
  readonly doing: Doing;
  /** The process of the attempt. */
  readonly process: number;
}

/** The outcome of an order. */
export type OrderState = 'open' | 'paid' | 'refused';

/** An order and its progress. */
export interface OrderProgress {
  readonly operationId: string;
  readonly title: string;
  readonly state: OrderState;
  readonly notes: readonly StepNote[];
}

/** The account and the order. */
export interface OrderHead {
  readonly operationId: string;
  readonly account: string;
  readonly title: string;
}

/** The progress of all orders. */
export interface Progress {
  begin(head: OrderHead): void;
  note(head: OrderHead, note: Omit<StepNote, 'process'>): void;
  end(head: OrderHead, state: OrderState): void;
  /** The latest orders of an account, newest first. */
  latest(account: string): readonly OrderProgress[];
  /** Calls `listener` after each change of an account's orders, until the returned function is called. */
  watch(account: string, listener: () => void): () => void;
}

const shownOrders = 5;

const schema = `
  CREATE TABLE IF NOT EXISTS order_progress (
    number       INTEGER PRIMARY KEY,
    operation_id TEXT NOT NULL UNIQUE,
    account      TEXT NOT NULL,
    title        TEXT NOT NULL,
    state        TEXT NOT NULL DEFAULT 'open'
  ) STRICT;
  CREATE INDEX IF NOT EXISTS order_progress_by_account ON order_progress (account, number);
  CREATE TABLE IF NOT EXISTS order_step_notes (
    operation_id TEXT NOT NULL,
    step         TEXT NOT NULL,
    attempt      INTEGER NOT NULL,
    doing        TEXT NOT NULL,
    process      INTEGER NOT NULL,
    PRIMARY KEY (operation_id, step, attempt)
  ) STRICT;
`;

/** Opens the progress table in `database`. */
export function openProgress(database: DatabaseSync): Progress {
  database.exec(schema);
  const changes = new EventEmitter().setMaxListeners(0);
  const beginning = database.prepare(
    'INSERT OR IGNORE INTO order_progress (operation_id, account, title) VALUES (?, ?, ?)',
  );
  const noting = database.prepare('INSERT OR REPLACE INTO order_step_notes VALUES (?, ?, ?, ?, ?)');
  const ending = database.prepare('UPDATE order_progress SET state = ? WHERE operation_id = ?');
  const heads = database.prepare('SELECT * FROM order_progress WHERE account = ? ORDER BY number DESC LIMIT ?');
  const notes = database.prepare('SELECT * FROM order_step_notes WHERE operation_id = ? ORDER BY attempt');

  return {
    begin({ operationId, account, title }) {
      beginning.run(operationId, account, title);
      changes.emit(account);
    },
    note({ operationId, account }, { step, attempt, doing }) {
      noting.run(operationId, step, attempt, doing, process.pid);
      changes.emit(account);
    },
    end({ operationId, account }, state) {
      ending.run(state, operationId);
      changes.emit(account);
    },
    latest(account) {
      return heads.all(account, shownOrders).map((row) => ({
        operationId: String(row['operation_id']),
        title: String(row['title']),
        state: row['state'] as OrderState,
        notes: notes.all(String(row['operation_id'])).map((note) => ({
          step: note['step'] as StepName,
          attempt: Number(note['attempt']),
          doing: note['doing'] as Doing,
          process: Number(note['process']),
        })),
      }));
    },
    watch(account, listener) {
      changes.on(account, listener);
      return () => changes.off(account, listener);
    },
  };
}
