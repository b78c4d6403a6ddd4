/**
 * Writes and reads values of attributes. Values are checked when they are read, since other programs can write to the
 * table. A cell is a result or a step of a record: in the record's item if it is small, else in separate parts.
 *
 * @module
 */

import type { AttributeValue, FoundItem } from './client.ts';
import { unreadable } from './errors.ts';

/** A text. */
export function text(value: string): AttributeValue {
  return { S: value };
}

/** A number. */
export function number(value: number): AttributeValue {
  return { N: String(value) };
}

/** The text in an attribute. */
export function textIn(item: FoundItem, name: string): string {
  const value = valueIn(item[name], 'S');
  if (typeof value === 'string') return value;
  throw unreadable(`the attribute ${name} must be text`);
}

/** The number in an attribute. */
export function numberIn(item: FoundItem, name: string): number {
  const value = valueIn(item[name], 'N');
  const read = typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
  if (Number.isFinite(read)) return read;
  throw unreadable(`the attribute ${name} must be a number`);
}

/** The list in an attribute; empty if the attribute is missing. */
export function listIn(item: FoundItem, name: string): readonly unknown[] {
  if (item[name] === undefined) return [];
  const value = valueIn(item[name], 'L');
  if (Array.isArray(value)) return value;
  throw unreadable(`the attribute ${name} must be a list`);
}

/** The value of an attribute, if it has this type. */
export function valueIn(attribute: unknown, type: string): unknown {
  return Reflect.get(Object(attribute), type);
}

/** A reference to the parts of a value, with what is needed to check them. */
export interface PartsReference {
  /** The token of the claim that wrote them. */
  readonly token: string;
  readonly count: number;
  /** Length of the whole in bytes. */
  readonly length: number;
  /** SHA-256 of the whole, as base64url. */
  readonly digest: string;
}

/** A value, or the reference to its parts. */
export type Cell = { readonly bytes: Uint8Array } | { readonly parts: PartsReference };

/** The attribute that holds a cell. */
export function encodeCell(cell: Cell): AttributeValue {
  if ('bytes' in cell) return { B: cell.bytes };
  const { token, count, length, digest } = cell.parts;
  return { M: { tk: text(token), pc: number(count), ln: number(length), dg: text(digest) } };
}

/** The cell in an attribute. */
export function decodeCell(attribute: unknown): Cell {
  const bytes = valueIn(attribute, 'B');
  if (bytes instanceof Uint8Array) return { bytes };
  const map = valueIn(attribute, 'M');
  if (typeof map !== 'object' || map === null) throw unreadable('a value is neither bytes nor a reference');
  const found: FoundItem = { ...map };
  return {
    parts: {
      token: textIn(found, 'tk'),
      count: numberIn(found, 'pc'),
      length: numberIn(found, 'ln'),
      digest: textIn(found, 'dg'),
    },
  };
}
