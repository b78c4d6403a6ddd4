/**
 * JSON Schemas from examples, and durations in words.
 *
 * @module
 */

import { type Described, isDescribed } from './document.ts';

/** A schema that the examples fulfil; the values of members with these names are listed. Different types allow any. */
export function schemaOf(examples: readonly unknown[], listed: readonly string[], name = ''): Described {
  const [type, ...others] = new Set(examples.map(typeOf));
  if (type === undefined || others.length > 0) return {};
  if (type === 'array') return { type, items: schemaOf(examples.flat(), listed) };
  if (type === 'object') {
    const objects = examples.filter(isDescribed);
    const names = [...new Set(objects.flatMap((object) => Object.keys(object)))];
    const valuesOf = (member: string) => objects.map((object) => object[member]).filter((value) => value !== undefined);
    return {
      type,
      required: names.filter((member) => objects.every((object) => Object.hasOwn(object, member))),
      properties: Object.fromEntries(names.map((member) => [member, schemaOf(valuesOf(member), listed, member)])),
    };
  }
  return listed.includes(name) ? { type, enum: [...new Set(examples)] } : { type };
}

/** The type of a value in JSON Schema; undefined for null, whose type version 3.0 lacks. */
function typeOf(value: unknown): string | undefined {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return value === null ? undefined : typeof value;
}

const units: readonly (readonly [pattern: RegExp, unit: string])[] = [
  [/(\d+)D/, 'day'],
  [/(\d+)H/, 'hour'],
  [/(\d+)M/, 'minute'],
  [/([\d.]+)S/, 'second'],
];

/** An ISO 8601 duration in words: `1 day 12 hours`. */
export function inWords(duration: string): string {
  return units
    .flatMap(([pattern, unit]) => {
      const [, count] = pattern.exec(duration) ?? [];
      return count === undefined ? [] : [`${count} ${unit}${count === '1' ? '' : 's'}`];
    })
    .join(' ');
}
