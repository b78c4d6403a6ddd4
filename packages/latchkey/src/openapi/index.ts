/**
 * Adds to an OpenAPI 3.1 document what the guards of its operations promise.
 *
 * @module
 */

import type { Contract } from '../http/contract/contract.ts';
import { Description } from './description.ts';
import { invalid, type OpenApiDocument } from './document.ts';

export type { Contract, ContractProblem } from '../http/contract/contract.ts';
export type { OpenApiDocument } from './document.ts';
export { describeFastify, type FastifyDocument, type FastifyRoutes } from './fastify.ts';
export { describeHono, type HonoRoutes } from './hono.ts';
export { describeNest, type NestHandlers } from './nest.ts';

/** Any guard, or the variant of a route. */
export interface ContractGuard {
  contract(): Promise<Contract | undefined>;
}

/**
 * Returns the document with the Idempotency-Key parameter, the errors and the marks of the guard at each of these
 * operations, read from the guards' own options, and with hints for SDK generators (`x-fern-idempotent`,
 * `x-speakeasy-retries`). `x-idempotency` has the retention and the policy. What the document says itself stays. A
 * guard with `methods: []` adds nothing.
 *
 * @param guards - by method and path as in the document: `POST /v1/charges/{id}`.
 * @throws LatchkeyError `option-invalid` for an operation that the document lacks, whose method its guard does not
 * protect, or that refers to another document.
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
  const description = new Description(document);
  for (const [name, guard] of Object.entries(guards)) {
    const [method = '', path = ''] = name.split(' ');
    if (description.operation(method, path) === undefined)
      throw invalid(
        `describeIdempotency: the document has no operation ${name}. Its paths are ${description.paths.join(', ')}.`,
      );
    const contract = await guard.contract();
    const isOff = contract?.methods.length === 0;
    if (!isOff && !description.add(method, path, contract))
      throw invalid(`describeIdempotency: the guard of ${name} does not protect ${method.toUpperCase()}.`);
  }
  return description.document();
}
