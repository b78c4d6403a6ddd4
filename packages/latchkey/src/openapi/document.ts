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
  readonly servers?: readonly {
    readonly url: string;
    readonly variables?: Readonly<Record<string, { readonly default?: unknown }>> | undefined;
  }[];
  readonly paths?: Readonly<Record<string, object | undefined>>;
  readonly components?: object;
}

/** Whether a value is an object with members. */
export function isDescribed(value: unknown): value is Described {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The document's components, to which shared schemas are added once. */
export class Components {
  readonly #document: OpenApiDocument;
  readonly #given: Described;
  readonly #added: Record<string, unknown> = {};

  constructor(document: OpenApiDocument) {
    this.#document = document;
    this.#given = { ...document.components };
  }

  /** Adds a schema, unless there is an equal one, and returns a reference to it. */
  addSchema(name: string, schema: unknown): Described {
    const taken: Described = { ...this.#schemas, ...this.#added };
    const text = JSON.stringify(schema);
    let free = name;
    for (let count = 2; Object.hasOwn(taken, free) && JSON.stringify(taken[free]) !== text; count += 1)
      free = `${name}_${count}`;
    this.#added[free] = schema;
    return { $ref: `#/components/schemas/${free}` };
  }

  /**
   * The object to which a reference leads, perhaps through others, with the members beside them; any other object
   * unchanged.
   *
   * @throws LatchkeyError `option-invalid` if it leads to nothing, or to another document.
   */
  resolve(object: Described, passed: readonly string[] = []): Described {
    const { $ref, ...beside } = object;
    if (typeof $ref !== 'string') return object;
    if (!$ref.startsWith('#')) throw invalid(`${$ref} refers to another document. Bundle the document first.`);
    const found = passed.includes($ref) ? undefined : this.#at($ref);
    if (!isDescribed(found)) throw invalid(`The reference ${$ref} leads to no object of the document. Correct it.`);
    return { ...this.resolve(found, [...passed, $ref]), ...beside };
  }

  /** All components, with the schemas that were added. */
  all(): Described {
    return { ...this.#given, schemas: { ...this.#schemas, ...this.#added } };
  }

  /** What a JSON Pointer in a fragment names (RFC 6901). */
  #at(reference: string): unknown {
    let found: unknown = reference.startsWith('#/') ? this.#document : undefined;
    for (const part of reference.split('/').slice(1)) {
      const name = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~');
      found = Object.hasOwn(Object(found), name) ? Reflect.get(Object(found), name) : undefined;
    }
    return found;
  }

  get #schemas(): Described {
    const { schemas } = this.#given;
    return isDescribed(schemas) ? schemas : {};
  }
}

/** Decodes percent signs; a text with others is meant as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The error for a wrong call of a function of this module. */
export function invalid(why: string): LatchkeyError {
  return new LatchkeyError('option-invalid', why);
}
