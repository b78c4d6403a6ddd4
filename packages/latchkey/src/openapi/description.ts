/**
 * A document while guards' promises are added to its operations.
 *
 * @module
 */

import type { Contract } from '../http/contract/contract.ts';
import { KEY_HEADER } from '../protocol/headers.ts';
import {
  Components,
  type Described,
  type DescribedOperation,
  type DescribedPath,
  isDescribed,
  type OpenApiDocument,
} from './document.ts';
import { describeOperation, isKeyParameter } from './operation.ts';

/** The members of a path that are not operations. */
const common = ['$ref', 'summary', 'description', 'servers', 'parameters', 'additionalOperations'];

/** The methods of a path, in lower case. */
function methodsOf(item: DescribedPath): readonly string[] {
  return Object.keys(item).filter((member) => !common.includes(member) && !member.startsWith('x-'));
}

/** A document while it is changed; the given one stays as it is. */
export class Description<Document extends OpenApiDocument> {
  readonly #given: Document;
  readonly #components: Components;
  readonly #paths: Record<string, DescribedPath>;
  #isDescribed = false;

  constructor(given: Document) {
    this.#given = given;
    this.#components = new Components(given);
    this.#paths = Object.fromEntries(Object.entries(given.paths ?? {}).filter(isPath));
  }

  get paths(): readonly string[] {
    return Object.keys(this.#paths);
  }

  /** Returns an operation; undefined if the document has none with this method and path. */
  operation(method: string, path: string): DescribedOperation | undefined {
    const found = this.#item(path)[method.toLowerCase()];
    return isDescribed(found) ? found : undefined;
  }

  /** Calls a function with the method and path of each operation. */
  forEach(visit: (method: string, path: string, operation: DescribedOperation) => void): void {
    for (const [path, item] of Object.entries(this.#paths))
      for (const method of methodsOf(item)) {
        const operation = this.operation(method, path);
        if (operation !== undefined) visit(method.toUpperCase(), path, operation);
      }
  }

  /** Puts an operation in the place of another. */
  replace(method: string, path: string, operation: DescribedOperation): void {
    this.#paths[path] = { ...this.#item(path), [method.toLowerCase()]: operation };
  }

  /** Adds what the guard of an operation promises. Returns false if it does not protect this method. */
  add(method: string, path: string, contract: Contract | undefined): boolean {
    if (contract?.methods.includes(method.toUpperCase()) !== true) return false;
    const item = this.#withoutSharedKey(this.#item(path));
    const operation = item[method.toLowerCase()] as DescribedOperation;
    this.#paths[path] = item;
    this.replace(method, path, describeOperation(operation, contract, this.#components));
    this.#isDescribed = true;
    return true;
  }

  /** The document with what was added: nothing if no operation is guarded. */
  document(): Document {
    const { paths } = this.#given;
    const document = { ...this.#given, ...(paths && { paths: { ...paths, ...this.#paths } }) };
    if (!this.#isDescribed) return document;
    return {
      'x-fern-idempotency-headers': [{ header: KEY_HEADER, name: 'idempotencyKey' }],
      ...document,
      components: this.#components.all(),
    };
  }

  /** A path with the operations that it refers to. */
  #item(path: string): DescribedPath {
    return this.#components.resolve((Object.hasOwn(this.#paths, path) && this.#paths[path]) || {});
  }

  /** Moves a parameter for the key, which all operations of a path share, to those that have none. */
  #withoutSharedKey(item: DescribedPath): DescribedPath {
    const isKey = (parameter: Described) => isKeyParameter(parameter, this.#components);
    const shared = item.parameters?.find(isKey);
    if (shared === undefined) return item;
    const moved: Record<string, unknown> = { ...item, parameters: item.parameters?.filter((given) => !isKey(given)) };
    for (const method of methodsOf(item)) {
      const operation = item[method];
      if (!isDescribed(operation)) continue;
      const { parameters = [] }: DescribedOperation = operation;
      if (!parameters.some(isKey)) moved[method] = { ...operation, parameters: [...parameters, shared] };
    }
    return moved;
  }
}

function isPath(entry: [string, unknown]): entry is [string, DescribedPath] {
  return isDescribed(entry[1]);
}
