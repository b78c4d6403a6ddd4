/**
 * Values of attributes, written and read. What was read is checked: anybody may have written it.
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

/** The list in an attribute; empty if there is none. */
export function listIn(item: FoundItem, name: string): readonly unknown[] {
  if (item[name] === undefined) return [];
  const value = valueIn(item[name], 'L');
  if (Array.isArray(value)) return value;
  throw unreadable(`the attribute ${name} must be a list`);
}

/** What an attribute holds, if it is of this type. */
export function valueIn(attribute: unknown, type: string): unknown {
  return Reflect.get(Object(attribute), type);
}
