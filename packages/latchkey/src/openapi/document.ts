/**
 * The parts of an OpenAPI 3.1 document that are read and written here (https://spec.openapis.org/oas/v3.1.1).
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';

/** An object of the document with any further members. */
export interface Described {
  readonly [member: string]: unknown;
}

/** A response, or one media type of it. */
export interface DescribedResponse extends Described {
  readonly description?: string;
  readonly headers?: Described;
  readonly content?: Readonly<Record<string, Described>>;
}

/** An operation of a path. */
export interface DescribedOperation extends Described {
  readonly parameters?: readonly Described[];
  readonly responses?: Readonly<Record<string, Described>>;
}

/** The operations of a path, by method in lower case, and what they share. */
export interface DescribedPath extends Described {
  readonly parameters?: readonly Described[];
}

/** An OpenAPI document. */
export interface OpenApiDocument {
  readonly openapi?: string;
  readonly servers?: readonly { readonly url: string }[];
  readonly paths?: Readonly<Record<string, object | undefined>>;
  readonly components?: object;
}

/** Whether a value is an object with members. */
export function isDescribed(value: unknown): value is Described {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Kind = 'headers' | 'schemas';

/** The document's components, to which shared parts are added once. */
export class Components {
  readonly #given: Described;
  readonly #added: Record<Kind, Record<string, unknown>> = { headers: {}, schemas: {} };

  constructor(given: object | undefined) {
    this.#given = { ...given };
  }

  /** Adds a part, unless there is an equal one, and returns a reference to it. */
  add(kind: Kind, name: string, value: unknown): Described {
    const taken: Described = { ...this.#of(kind), ...this.#added[kind] };
    const text = JSON.stringify(value);
    let free = name;
    for (let count = 2; Object.hasOwn(taken, free) && JSON.stringify(taken[free]) !== text; count += 1)
      free = `${name}${count}`;
    this.#added[kind][free] = value;
    return { $ref: `#/components/${kind}/${free}` };
  }

  /** The object that a local reference names; any other object unchanged. */
  resolve(object: Described): Described {
    const { $ref } = object;
    if (typeof $ref !== 'string') return object;
    let found: unknown = { components: this.#given };
    for (const part of $ref.replace(/^#\//, '').split('/'))
      found = isDescribed(found) ? found[part.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined;
    return isDescribed(found) ? found : object;
  }

  /** All components, with those that were added. */
  all(): Described {
    const { headers, schemas } = this.#added;
    return {
      ...this.#given,
      headers: { ...this.#of('headers'), ...headers },
      schemas: { ...this.#of('schemas'), ...schemas },
    };
  }

  #of(kind: Kind): Described {
    const given = this.#given[kind];
    return isDescribed(given) ? given : {};
  }
}

/** The error for a wrong call of a function of this module. */
export function invalid(why: string): LatchkeyError {
  return new LatchkeyError('option-invalid', why);
}
