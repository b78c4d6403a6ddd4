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

/** The document's components, to which shared schemas are added once. */
export class Components {
  readonly #given: Described;
  readonly #added: Record<string, unknown> = {};

  constructor(given: object | undefined) {
    this.#given = { ...given };
  }

  /** Adds a schema, unless there is an equal one, and returns a reference to it. */
  addSchema(name: string, schema: unknown): Described {
    const taken: Described = { ...this.#schemas, ...this.#added };
    const text = JSON.stringify(schema);
    let free = name;
    for (let count = 2; Object.hasOwn(taken, free) && JSON.stringify(taken[free]) !== text; count += 1)
      free = `${name}${count}`;
    this.#added[free] = schema;
    return { $ref: `#/components/schemas/${free}` };
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

  /** All components, with the schemas that were added. */
  all(): Described {
    return { ...this.#given, schemas: { ...this.#schemas, ...this.#added } };
  }

  get #schemas(): Described {
    const { schemas } = this.#given;
    return isDescribed(schemas) ? schemas : {};
  }
}

/** The error for a wrong call of a function of this module. */
export function invalid(why: string): LatchkeyError {
  return new LatchkeyError('option-invalid', why);
}
