/**
 * What holds together several copies of the library in one process: the ES modules beside the CommonJS build, two
 * bundles of one application, two installed releases.
 *
 * @module
 */

/** A class that has copies. */
type CopiedClass = (abstract new (
  ...args: never[]
) => object) & {
  /** The class's name as it was written, since bundlers shorten the real one. */
  readonly classId: string;
};

/** Whether any copy of the class made the value. A class without a `classId` of its own is compared as usual. */
export function isInstanceOfCopy(type: CopiedClass, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(type, value)) return true;
  if (!Object.hasOwn(type, 'classId')) return false;
  let made: unknown = Object(value).constructor;
  for (; typeof made === 'function'; made = Object.getPrototypeOf(made))
    if (Reflect.get(made, 'classId') === type.classId) return true;
  return false;
}

/** A value that the first copy to ask for it makes, and that all copies share. */
export function sharedByCopies(name: string, make: () => string): string {
  const key = Symbol.for(`latchkey.${name}`);
  const shared: { [key: symbol]: unknown } = globalThis;
  const value = shared[key] ?? make();
  shared[key] = value;
  return String(value);
}
