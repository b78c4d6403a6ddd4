/**
 * The document of `@fastify/swagger`.
 *
 * @module
 */

import { contractOf } from '../http/contract.ts';
import { type DocumentedRoute, routesKey } from '../http/contract-access.ts';
import { Description } from './description.ts';
import { invalid, type OpenApiDocument } from './document.ts';

/** The guard of `latchkey/fastify`. */
export interface FastifyRoutes {
  readonly [routesKey]: readonly DocumentedRoute[];
}

/**
 * Adds what a guard promises to the routes on which it acts, as `describeIdempotency` does, with the options in their
 * config. It is the `transformObject` of `@fastify/swagger`, so the document is the same in every form and page. A route
 * that was declared before the guard was registered is not found, nor one whose path a `transform` has changed.
 *
 * @throws LatchkeyError `option-invalid` if the guard is not of `latchkey/fastify`.
 * @example
 * ```ts
 * await app.register(swagger, {
 *   openapi: { openapi: '3.1.0', info: { title: 'Shop', version: '1.0.0' } },
 *   transformObject: ({ openapiObject }) => describeFastify(openapiObject, guard),
 * })
 * await app.register(guard)
 * ```
 */
export function describeFastify<Document extends OpenApiDocument>(document: Document, guard: FastifyRoutes): Document {
  const { [routesKey]: routes } = guard;
  if (routes === undefined) throw invalid('describeFastify: pass the guard of latchkey/fastify that is registered.');
  const description = new Description(document);
  const bases = basesOf(document);
  for (const { methods, path, contractBy } of routes) {
    const written = withoutBase(templateOf(path), bases);
    for (const method of methods)
      if (description.operation(method, written) !== undefined)
        description.add(method, written, contractBy(contractOf));
  }
  return description.document();
}

/** A colon that is doubled, a parameter with or without its pattern, a pattern alone, or a wildcard. */
const special = /::|:(\w+)(?:\((?:[^()]|\([^()]*\))*\))?|\*/g;

/** Returns `/orders/{id}` for `/orders/:id(\\d+)`. */
function templateOf(path: string): string {
  return path.replace(special, (found, name?: string) => (found === '::' ? ':' : `{${name ?? found}}`));
}

/** The paths of the servers, which `@fastify/swagger` leaves out of the paths of operations. */
function basesOf({ servers = [] }: OpenApiDocument): readonly string[] {
  return servers.map(({ url }) => url.replace(/^\w+:\/\/[^/]*/, '')).filter((base) => base !== '' && base !== '/');
}

function withoutBase(path: string, bases: readonly string[]): string {
  return bases.reduce((rest, base) => (rest.startsWith(base) ? rest.slice(base.length) : rest), path);
}
