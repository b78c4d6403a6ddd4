/**
 * A value of the record's, a result or a step: in the record's item itself while it is small, else in parts beside it.
 *
 * @module
 */

import { number, numberIn, text, textIn, valueIn } from './attributes.ts';
import type { AttributeValue, FoundItem } from './client.ts';
import { unreadable } from './errors.ts';

/** Where the parts of a value are, and how they are told to be whole. */
export interface PartsReference {
  /** Of the claim that wrote them. */
  readonly token: string;
  readonly count: number;
  /** Length of the whole in bytes. */
  readonly length: number;
  /** SHA-256 of the whole, as base64url. */
  readonly digest: string;
}

/** A value, or where it is. */
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
