/**
 * What holds together several copies of the library in one process: the ES modules beside the CommonJS build, two
 * bundles of one application, two installed releases.
 *
 * @module
 */

/** Registered for all copies; its value is the class's name as it was written, since bundlers shorten the real one. */
const className = Symbol.for('latchkey.class');

/** Lets `instanceof` accept what any copy of this class has made. Classes derived from it are compared as usual. */
export function acceptCopies(type: abstract new (...args: never[]) => object, name: string): void {
  Object.defineProperty(type.prototype, className, { value: name });
  Object.defineProperty(type, Symbol.hasInstance, {
    value(this: { readonly prototype: object }, value: unknown): boolean {
      const isCopy = this === type && namesOf(value).includes(name);
      return isCopy || Function.prototype[Symbol.hasInstance].call(this, value);
    },
  });
}

function namesOf(value: unknown): readonly unknown[] {
  const names: unknown[] = [];
  for (let object = value; typeof object === 'object' && object !== null; object = Object.getPrototypeOf(object))
    if (Object.hasOwn(object, className)) names.push(Reflect.get(object, className));
  return names;
}

/** A value that the first copy to ask for it makes, and that all copies share. */
export function sharedByCopies(name: string, make: () => string): string {
  const key = Symbol.for(`latchkey.${name}`);
  const shared: { [key: symbol]: unknown } = globalThis;
  const value = shared[key] ?? make();
  shared[key] = value;
  return String(value);
}
