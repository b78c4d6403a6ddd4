/**
 * Removes members of forms and query strings that may differ between retries.
 *
 * @module
 */

import { asBuffer } from '../../core/support/codec.ts';
import { type PointerTree, pointerTree } from './json-pointer.ts';
import { parametersOf } from './media-type.ts';

/** The form members that a route ignores. */
export interface IgnoredMembers {
  readonly names: ReadonlySet<string>;
  /** The same members, and those of JSON, in a parsed form. */
  readonly inValue: PointerTree | undefined;
}

/** A part with a longer header is compared as it is: no client sends such headers. */
const MAX_PART_HEADER_BYTES = 16 * 1024;

const FORM_TYPES: ReadonlySet<string> = new Set(['application/x-www-form-urlencoded', 'multipart/form-data']);

const headerEnd = Buffer.from('\r\n\r\n');
const nested = /^([^[\]]+)((?:\[[^[\]]*\])+)$/;

const asPointer = (tokens: readonly string[]) =>
  tokens.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** Some parsers turn `a[b]` into `{ a: { b: … } }`; others keep the name unchanged. */
function pointersTo(name: string): readonly string[] {
  const [, outer, inner] = nested.exec(name) ?? [];
  const flat = asPointer([name]);
  return outer === undefined ? [flat] : [flat, asPointer([outer, ...(inner ?? '').slice(1, -1).split('][')])];
}

/** Whether a body of this media type has form members. */
export function isForm(essence: string): boolean {
  return FORM_TYPES.has(essence);
}

/** Prepares `fingerprint.ignoreForm`; undefined if nothing is ignored. */
export function ignoredMembers(
  names: readonly string[] = [],
  volatileMembers: readonly string[] = [],
): IgnoredMembers | undefined {
  if (names.length === 0) return undefined;
  return { names: new Set(names), inValue: pointerTree([...volatileMembers, ...names.flatMap(pointersTo)]) };
}

function decodedName(member: string): string {
  const equals = member.indexOf('=');
  const name = (equals < 0 ? member : member.slice(0, equals)).replaceAll('+', ' ');
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Returns URL-encoded text without the members of these names; the rest is unchanged. */
export function withoutMembers(text: string, names: ReadonlySet<string>): string {
  return text
    .split('&')
    .filter((member) => !names.has(decodedName(member)))
    .join('&');
}

/** Does the same for the query of a target. If nothing is left of the query, it is removed. */
export function withoutParameters(target: string, names: ReadonlySet<string>): string {
  const start = target.indexOf('?');
  if (start < 0) return target;
  const query = target.slice(start + 1);
  const rest = withoutMembers(query, names);
  if (rest.length === query.length) return target;
  return rest === '' ? target.slice(0, start) : `${target.slice(0, start)}?${rest}`;
}

/** Whether a part of multipart/form-data (RFC 7578) has one of these names. */
export function isPartNamed(part: Uint8Array, names: ReadonlySet<string>): boolean {
  const end = asBuffer(part).subarray(0, MAX_PART_HEADER_BYTES).indexOf(headerEnd);
  if (end < 0) return false;
  const lines = asBuffer(part).toString('utf8', 0, end).split('\r\n');
  const line = lines.find((text) => /^content-disposition:/i.test(text)) ?? '';
  const name = parametersOf(line).get('name');
  return name !== undefined && names.has(name);
}

/** Returns a parsed form without these members if the parser returned a list of names and values. */
export function withoutEntries(value: unknown, names: ReadonlySet<string>): unknown {
  if (!Array.isArray(value)) return value;
  return value.filter((entry: unknown) => !(Array.isArray(entry) && names.has(String(entry[0]))));
}
