/**
 * The JSON text of a parsed body of any depth.
 *
 * @module
 */

/** An array or object whose members are being written. */
interface Open {
  readonly container: object;
  /** Undefined for an array. */
  readonly names: readonly string[] | undefined;
  readonly size: number;
  next: number;
  isFirst: boolean;
}

const boxes = [Number, String, Boolean, BigInt];

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !boxes.some((box) => value instanceof box);
}

function begin(container: object): Open {
  const names = Array.isArray(container) ? undefined : Object.keys(container);
  const size = Array.isArray(container) ? container.length : (names?.length ?? 0);
  return { container, names, size, next: 0, isFirst: true };
}

function replaced(value: unknown, name: string): unknown {
  const toJson: unknown = isContainer(value) ? Reflect.get(value, 'toJSON') : undefined;
  return typeof toJson === 'function' ? Reflect.apply(toJson, value, [name]) : value;
}

/** Writes the same as `JSON.stringify`, without recursion. */
class DeepText {
  readonly #pieces: string[] = [];
  readonly #open: Open[] = [];
  readonly #ancestors = new Set<object>();

  write(value: unknown): string {
    this.#value(replaced(value, ''), '');
    for (let open = this.#open.at(-1); open !== undefined; open = this.#open.at(-1)) {
      if (open.next === open.size) this.#close(open);
      else this.#member(open);
    }
    return this.#pieces.join('');
  }

  #member(open: Open): void {
    const name = open.names?.[open.next] ?? String(open.next);
    open.next += 1;
    const value = replaced(Reflect.get(open.container, name), name);
    const comma = open.isFirst ? '' : ',';
    const isWritten =
      open.names === undefined
        ? this.#value(value, comma) || this.#value(null, comma)
        : this.#value(value, `${comma}${JSON.stringify(name)}:`);
    if (isWritten) open.isFirst = false;
  }

  /** Returns false for a value that has no JSON, such as undefined. */
  #value(value: unknown, before: string): boolean {
    if (!isContainer(value)) {
      const text = JSON.stringify(value) as string | undefined;
      if (text !== undefined) this.#pieces.push(before, text);
      return text !== undefined;
    }
    if (this.#ancestors.has(value)) throw new TypeError('The value has a circular reference.');
    this.#ancestors.add(value);
    this.#pieces.push(before, Array.isArray(value) ? '[' : '{');
    this.#open.push(begin(value));
    return true;
  }

  #close({ container, names }: Open): void {
    this.#pieces.push(names === undefined ? ']' : '}');
    this.#ancestors.delete(container);
    this.#open.pop();
  }
}

/**
 * Returns the result of `JSON.stringify`, also for values that are nested too deeply for it; undefined for a value that
 * has no JSON text, such as a function, a cycle or a BigInt.
 *
 * @example
 * ```ts
 * jsonText({ amount: 2000 }) // '{"amount":2000}'
 * ```
 */
export function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    return error instanceof RangeError ? deepText(value) : undefined;
  }
}

function deepText(value: unknown): string | undefined {
  try {
    return new DeepText().write(value);
  } catch {
    return undefined;
  }
}
