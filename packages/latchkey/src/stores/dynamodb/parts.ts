/**
 * Values that are too long for the record's item, stored in separate items.
 *
 * Parts are written before the record that refers to them. Their keys contain the writer's token and the digest of the
 * value, so writers never conflict. Readers check the value against the record's reference.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import type { Owner } from '../../core/store.ts';
import { type Cell, number, type PartsReference, text, textIn, valueIn } from './attributes.ts';
import type { Item } from './client.ts';
import { formats } from './row.ts';
import type { Table } from './table.ts';

/** An item may have 400 KB, names and key included. */
const partBytes = 380_000;

/** Writes, reads and removes parts. */
export class Parts {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Stores a value in parts until `untilSeconds`. Repeating the call writes the same items. */
  async store({ id, token }: Owner, bytes: Uint8Array, untilSeconds: number): Promise<Cell> {
    const count = Math.max(1, Math.ceil(bytes.byteLength / partBytes));
    const reference = { token, count, length: bytes.byteLength, digest: hash('sha256', bytes, 'base64url') };
    const writing = this.#keys(id, reference).map((key, index) => {
      const part = bytes.subarray(index * partBytes, (index + 1) * partBytes);
      return this.#table.put(partItem(key, token, part, untilSeconds));
    });
    await Promise.all(writing);
    return { parts: reference };
  }

  /** The whole value; undefined if parts are missing or do not match the reference. */
  async load(id: string, reference: PartsReference): Promise<Uint8Array | undefined> {
    const items = await Promise.all(this.#keys(id, reference).map((key) => this.#table.get(key)));
    const parts: Uint8Array[] = [];
    for (const item of items) {
      const bytes = valueIn(item?.['by'], 'B');
      if (item === undefined || !(bytes instanceof Uint8Array) || textIn(item, 'tk') !== reference.token) return;
      parts.push(bytes);
    }
    const whole = Buffer.concat(parts);
    const isWhole = whole.byteLength === reference.length && hash('sha256', whole, 'base64url') === reference.digest;
    return isWhole ? whole : undefined;
  }

  /** Keeps parts at least until `untilSeconds`; false if some are gone. */
  async keep(id: string, reference: PartsReference, untilSeconds: number): Promise<boolean> {
    const change = {
      update: 'SET #ttl = :ttl',
      condition: '#tk = :tk',
      values: { ':ttl': number(untilSeconds), ':tk': text(reference.token) },
    };
    const kept = await Promise.all(this.#keys(id, reference).map((key) => this.#table.update(key, change)));
    return kept.every((answer) => 'done' in answer);
  }

  /** Removes the parts of a value, if it is in parts. */
  async remove(id: string, cell: Cell | undefined): Promise<void> {
    if (cell === undefined || 'bytes' in cell) return;
    await Promise.all(this.#keys(id, cell.parts).map((key) => this.#table.remove(key)));
  }

  #keys(id: string, { token, digest, count }: PartsReference): readonly string[] {
    return Array.from({ length: count }, (_, index) => this.#table.partKey(id, token, digest, index));
  }
}

function partItem(key: string, token: string, bytes: Uint8Array, untilSeconds: number): Item {
  return { pk: text(key), lk: number(formats.plain), tk: text(token), by: { B: bytes }, ttl: number(untilSeconds) };
}
