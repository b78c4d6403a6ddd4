/** The card provider's payments, in a separate database, so that they survive a kill. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** The parameters of a payment. `amount` is in the currency's smallest unit. */
export interface CardPayment {
  readonly amount: number;
  readonly currency: string;
  /** The merchant's reference. */
  readonly reference: string;
}

/** A completed payment. */
export interface CardCharge extends CardPayment {
  readonly id: string;
  readonly idempotencyKey: string;
}

/** The provider's ledger. */
export interface ProviderLedger {
  /** Makes a payment, or returns the earlier one with this key. */
  charge(idempotencyKey: string, payment: CardPayment): CardCharge;
  /** Declines payments under this key until it is forgotten. */
  decline(idempotencyKey: string): void;
  /** The outcome of this key; undefined if it was neither paid nor declined, or is forgotten. */
  fateOf(idempotencyKey: string): 'paid' | 'declined' | undefined;
  /** All charges, optionally of one key or one reference. */
  find(by: { readonly idempotencyKey?: string; readonly reference?: string }): readonly CardCharge[];
  /** Forgets the used keys, as providers do after a day or a month. The charges stay. */
  forgetKeys(): void;
  close(): void;
}

const schema = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS charges (
    number    INTEGER PRIMARY KEY,
    key       TEXT NOT NULL,
    is_known  INTEGER NOT NULL DEFAULT 1,
    amount    INTEGER NOT NULL,
    currency  TEXT NOT NULL,
    reference TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS charges_by_known_key ON charges (key) WHERE is_known;
  CREATE INDEX IF NOT EXISTS charges_by_reference ON charges (reference);
  CREATE TABLE IF NOT EXISTS declined (key TEXT PRIMARY KEY) STRICT;
`;

type Row = Record<string, unknown>;

function toCharge(row: Row): CardCharge {
  return {
    id: `card_${row['number']}`,
    idempotencyKey: String(row['key']),
    amount: Number(row['amount']),
    currency: String(row['currency']),
    reference: String(row['reference']),
  };
}

/** Opens the ledger in a folder, and creates it if it is missing. */
export function openProviderLedger(folder: string): ProviderLedger {
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, 'provider.sqlite'));
  database.exec(schema);
  const insertion = database.prepare(
    'INSERT INTO charges (key, amount, currency, reference) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const known = database.prepare('SELECT * FROM charges WHERE key = ? AND is_known');
  const found = database.prepare(
    'SELECT * FROM charges WHERE (?1 IS NULL OR key = ?1) AND (?2 IS NULL OR reference = ?2) ORDER BY number',
  );
  const refusal = database.prepare('INSERT INTO declined VALUES (?) ON CONFLICT DO NOTHING');
  const refused = database.prepare('SELECT 1 FROM declined WHERE key = ?');

  return {
    charge(idempotencyKey, { amount, currency, reference }) {
      insertion.run(idempotencyKey, amount, currency, reference);
      const row = known.get(idempotencyKey);
      if (row === undefined) throw new Error('a charge that was just made is gone');
      return toCharge(row);
    },
    decline: (idempotencyKey) => void refusal.run(idempotencyKey),
    fateOf(idempotencyKey) {
      if (known.get(idempotencyKey) !== undefined) return 'paid';
      return refused.get(idempotencyKey) === undefined ? undefined : 'declined';
    },
    find: ({ idempotencyKey = null, reference = null }) => found.all(idempotencyKey, reference).map(toCharge),
    forgetKeys: () => database.exec('UPDATE charges SET is_known = 0; DELETE FROM declined'),
    close: () => database.close(),
  };
}
