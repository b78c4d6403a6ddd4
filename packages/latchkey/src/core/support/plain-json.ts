/**
 * Which values their JSON stands for.
 *
 * @module
 */

/** True for objects made by literals and parsers, those of another realm too; not for instances of a class. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What JSON keeps nothing of: a Map, a Set, a stream, or an instance whose fields are all private. */
export function isLostInJson(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isPlainObject(value)) return false;
  return Object.keys(value).length === 0;
}

function isPlainScalar(value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

/** What JSON takes in place of a value that says so itself, as a Date does; undefined for an invalid Date. */
function ownJson(value: object): unknown {
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === 'function' ? (Reflect.apply(toJSON, value, ['']) ?? undefined) : value;
}

/**
 * True if two values with the same JSON are the same for an application: plain objects, arrays and scalars, and what
 * has a `toJSON`. A member that is undefined counts as absent. The value must have no cycle.
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
