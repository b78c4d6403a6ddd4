/**
 * Lets several copies of the library work together in one process: the ES modules and the CommonJS build, two bundles
 * of one application, or two installed releases.
 *
 * @module
 */

/** A class that may exist in several copies. */
type CopiedClass = (abstract new (
  ...args: never[]
) => object) & {
  /** The name of the class in the source, since bundlers shorten the real name. */
  readonly classId: string;
};

/**
 * Whether the value is an instance of any copy of the class. A class without its own `classId` is checked with the
 * default `instanceof`.
 */
export function isInstanceOfCopy(type: CopiedClass, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(type, value)) return true;
  if (!Object.hasOwn(type, 'classId')) return false;
  let made: unknown = Object(value).constructor;
  for (; typeof made === 'function'; made = Object.getPrototypeOf(made))
    if (Reflect.get(made, 'classId') === type.classId) return true;
  return false;
}

/** Returns a value that all copies share; the first copy that asks for it creates it. */
export function sharedByCopies(name: string, make: () => string): string {
  const key = Symbol.for(`latchkey.${name}`);
  const shared: { [key: symbol]: unknown } = globalThis;
  const value = shared[key] ?? make();
  shared[key] = value;
  return String(value);
}
