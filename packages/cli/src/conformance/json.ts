/**
 * JSON of unknown shape: reading it by JSON Pointers (RFC 6901), and editing one place.
 *
 * @module
 */

/** The steps from the root of a JSON value to a place in it. */
export type Path = readonly string[];

/** Parses a text; undefined if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A member of an object or an element of an array; undefined if there is no such place. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

/** The steps of a JSON Pointer. */
export function pathOf(pointer: string): Path {
  const steps = pointer.split('/').slice(1);
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The value at a JSON Pointer; undefined if there is no such place. */
export function valueAt(value: unknown, pointer: string): unknown {
  return pathOf(pointer).reduce(member, value);
}

/** The first place, in the order of the text, whose value fulfils a condition. */
export function findPath(value: unknown, holds: (value: unknown) => boolean): Path | undefined {
  if (holds(value)) return [];
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const rest = findPath(inner, holds);
    if (rest !== undefined) return [name, ...rest];
  }
  return undefined;
}

/** A copy with another value in one place. */
export function edited(value: unknown, path: Path, change: (value: unknown) => unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return change(value);
  if (Array.isArray(value))
    return value.map((inner, index) => (String(index) === step ? edited(inner, rest, change) : inner));
  return { ...Object(value), [step]: edited(member(value, step), rest, change) };
}
