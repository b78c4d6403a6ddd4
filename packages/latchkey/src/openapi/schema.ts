/**
 * JSON Schemas from examples, and durations in words.
 *
 * @module
 */

import { type Described, isDescribed } from './document.ts';

/** A schema that the examples fulfil; the values of members with these names are listed. */
export function schemaOf(examples: readonly unknown[], listed: readonly string[], name = ''): Described {
  const [first] = examples;
  if (Array.isArray(first)) return { type: 'array', items: schemaOf(examples.flat(), listed) };
  if (isDescribed(first)) {
    const objects = examples.filter(isDescribed);
    const names = [...new Set(objects.flatMap((object) => Object.keys(object)))];
    const valuesOf = (member: string) => objects.map((object) => object[member]).filter((value) => value !== undefined);
    return {
      type: 'object',
      required: names.filter((member) => objects.every((object) => Object.hasOwn(object, member))),
      properties: Object.fromEntries(names.map((member) => [member, schemaOf(valuesOf(member), listed, member)])),
    };
  }
  const type = typeof first === 'number' ? 'integer' : typeof first;
  return listed.includes(name) ? { type, enum: [...new Set(examples)] } : { type };
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
