/**
 * Adds to an OpenAPI 3.1 document what the guards of its operations promise.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import type { Contract } from '../http/contract.ts';
import { KEY_HEADER } from '../protocol/headers.ts';
import { Components, type DescribedOperation, isDescribed, type OpenApiDocument } from './document.ts';
import { describeOperation } from './operation.ts';

export type { Contract, ContractProblem } from '../http/contract.ts';
export type { OpenApiDocument } from './document.ts';

/** Any guard, or the variant of a route. */
export interface ContractGuard {
  contract(): Promise<Contract | undefined>;
}

/**
 * Returns the document with the Idempotency-Key parameter, the errors and the marks of the guard at each of these
 * operations, read from the guards' own options, and with hints for SDK generators (`x-fern-idempotent`,
 * `x-speakeasy-retries`). `x-idempotency` has the retention and the policy. What the document says itself stays.
 *
 * @param guards - by method and path as in the document: `POST /v1/charges/{id}`.
 * @throws LatchkeyError `option-invalid` for an operation that the document lacks, or whose method its guard does not
 * protect.
 * @example
 * ```ts
 * const document = await describeIdempotency(openapi, {
 *   'POST /v1/charges': guard,
 *   'POST /v1/orders': guard.with({ key: { required: true } }),
 * })
 * ```
 */
export async function describeIdempotency<Document extends OpenApiDocument>(
  document: Document,
  guards: Readonly<Record<string, ContractGuard>>,
): Promise<Document> {
  const components = new Components(document.components);
  const paths: Record<string, object | undefined> = { ...document.paths };
  for (const [name, guard] of Object.entries(guards)) {
    const contract = await guard.contract();
    const [written = '', path = ''] = name.split(' ');
    const method = written.toUpperCase();
    const item = paths[path];
    const operation = isDescribed(item) ? item[method.toLowerCase()] : undefined;
    if (!isDescribed(operation))
      throw invalid(`the document has no operation ${name}. Its paths are ${Object.keys(paths).join(', ')}.`);
    if (contract?.methods.includes(method) !== true) throw invalid(`the guard of ${name} does not protect ${method}.`);
    const described = describeOperation(operation as DescribedOperation, contract, components);
    paths[path] = { ...item, [method.toLowerCase()]: described };
  }
  return {
    'x-fern-idempotency-headers': [{ header: KEY_HEADER, name: 'idempotencyKey' }],
    ...document,
    paths,
    components: components.all(),
  };
}

function invalid(why: string): LatchkeyError {
  return new LatchkeyError('option-invalid', `describeIdempotency: ${why}`);
}
