import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

/** The parameters of a charge. `amount` is in the currency's smallest unit. */
export interface ChargeParameters {
  readonly amount: number;
  readonly currency: string;
  readonly source: string;
  readonly description: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A charge in the API; `created` is in seconds. */
export interface Charge extends ChargeParameters {
  readonly id: string;
  readonly object: 'charge';
  readonly status: 'succeeded';
  readonly created: number;
}

/** The owner of a charge, and the operation that made it; charges without a key have none. */
export interface ChargeOrigin {
  readonly account: string;
  readonly operationId?: string | undefined;
}

/** One page of charges, newest first. */
interface ChargePage {
  readonly charges: readonly Charge[];
  readonly hasMore: boolean;
}

/** The charges of all accounts; every query is for one account. */
export interface Charges {
  /** Creates a charge, or returns the one that this operation created before. */
  insert(parameters: ChargeParameters, origin: ChargeOrigin): Charge;
  find(account: string, id: string): Charge | undefined;
  /** Undefined if `startingAfter` is not a charge of this account. */
  list(account: string, limit: number, startingAfter?: string): ChargePage | undefined;
}

const schema = `
  CREATE TABLE IF NOT EXISTS charges (
    number       INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    account      TEXT NOT NULL,
    amount       INTEGER NOT NULL,
    currency     TEXT NOT NULL,
    source       TEXT NOT NULL,
    description  TEXT,
    metadata     TEXT NOT NULL,
    created      INTEGER NOT NULL,
    operation_id TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS charges_by_account ON charges (account, number);
  CREATE UNIQUE INDEX IF NOT EXISTS charges_by_operation ON charges (operation_id);
`;

type Row = Record<string, unknown>;

function toCharge(row: Row): Charge {
  return {
    id: String(row['id']),
    object: 'charge',
    amount: Number(row['amount']),
    currency: String(row['currency']),
    source: String(row['source']),
    description: row['description'] === null ? null : String(row['description']),
    metadata: JSON.parse(String(row['metadata'])),
    status: 'succeeded',
    created: Number(row['created']),
  };
}

function newCharge(parameters: ChargeParameters): Charge {
  const id = `ch_${randomUUID().replaceAll('-', '')}`;
  return { id, object: 'charge', ...parameters, status: 'succeeded', created: Math.floor(Date.now() / 1000) };
}

/** Opens the table in `database`, and creates it if it is missing. */
export function openCharges(database: DatabaseSync): Charges {
  database.exec(schema);
  const insertion = database.prepare(
    `INSERT INTO charges (id, account, amount, currency, source, description, metadata, created, operation_id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (operation_id) DO NOTHING`,
  );
  const byOperation = database.prepare('SELECT * FROM charges WHERE operation_id = ?');
  const byId = database.prepare('SELECT * FROM charges WHERE account = ? AND id = ?');
  const page = database.prepare('SELECT * FROM charges WHERE account = ? AND number < ? ORDER BY number DESC LIMIT ?');

  return {
    insert(parameters, { account, operationId }) {
      const charge = newCharge(parameters);
      const { id, amount, currency, source, description, metadata, created } = charge;
      const json = JSON.stringify(metadata);
      const operation = operationId ?? null;
      insertion.run(id, account, amount, currency, source, description, json, created, operation);
      const earlier = byOperation.get(operation);
      return earlier ? toCharge(earlier) : charge;
    },
    find(account, id) {
      const row = byId.get(account, id);
      return row && toCharge(row);
    },
    list(account, limit, startingAfter) {
      const after = startingAfter === undefined ? undefined : byId.get(account, startingAfter);
      if (startingAfter !== undefined && after === undefined) return undefined;
      const rows = page.all(account, after ? Number(after['number']) : Number.MAX_SAFE_INTEGER, limit + 1);
      return { charges: rows.slice(0, limit).map(toCharge), hasMore: rows.length > limit };
    },
  };
}
