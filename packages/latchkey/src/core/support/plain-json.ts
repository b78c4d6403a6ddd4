/**
 * Determines which values can be compared by their JSON.
 *
 * @module
 */

/** True for objects from literals and parsers, also of another realm; false for instances of a class. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** True for objects of which JSON keeps nothing: a Map, a Set, a stream, or an instance with only private fields. */
export function isLostInJson(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isPlainObject(value)) return false;
  return Object.keys(value).length === 0;
}

function isPlainScalar(value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

/** Returns the result of the value's `toJSON`, such as that of a Date; undefined for an invalid Date. */
function ownJson(value: object): unknown {
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === 'function' ? (Reflect.apply(toJSON, value, ['']) ?? undefined) : value;
}

/**
 * True if values with the same JSON are equivalent for an application: plain objects, arrays, scalars, and objects with
 * a `toJSON`. An undefined member counts as absent. The value must have no cycle.
 */
export function isPlainJson(value: unknown): boolean {
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (isPlainScalar(next)) continue;
    if (typeof next !== 'object' || next === null) return false;
    const object = ownJson(next);
    if (isPlainScalar(object)) continue;
    if (typeof object !== 'object' || object === null) return false;
    if (Array.isArray(object)) for (const member of object) left.push(member);
    else if (!isPlainObject(object)) return false;
    else for (const member of Object.values(object)) if (member !== undefined) left.push(member);
  }
  return true;
}
