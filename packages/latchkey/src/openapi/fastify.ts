/**
 * The document of `@fastify/swagger`.
 *
 * @module
 */

import { contractOf } from '../http/contract/contract.ts';
import { type DocumentedRoute, routesKey } from '../http/contract/contract-access.ts';
import { Description } from './description.ts';
import { invalid, type OpenApiDocument } from './document.ts';

/** The guard of `latchkey/fastify`. */
export interface FastifyRoutes {
  /** @internal */
  readonly [routesKey]: readonly DocumentedRoute[];
}

/** What `transformObject` of `@fastify/swagger` gets: a document of OpenAPI 3, or of its version 2, called Swagger. */
export type FastifyDocument<Document> = { readonly openapiObject: Document } | { readonly swaggerObject: object };

/**
 * Returns the `transformObject` of `@fastify/swagger` that adds what a guard promises to the routes on which it acts, with
 * the options in their config, as `describeIdempotency` does. The document is the same in JSON and YAML, and on the
 * pages of the UI plugins. A route that was declared before the guard was registered is not found, nor one whose path a
 * `transform` has changed.
 *
 * @throws LatchkeyError `option-invalid` if the guard is not of `latchkey/fastify`; the returned function throws it for
 * a document of version 2.
 * @example
 * ```ts
 * await app.register(swagger, {
 *   openapi: { openapi: '3.1.0', info: { title: 'Shop', version: '1.0.0' } },
 *   transformObject: describeFastify(guard),
 * })
 * await app.register(guard)
 * ```
 */
export function describeFastify(
  guard: FastifyRoutes,
): <Document extends OpenApiDocument>(given: FastifyDocument<Document>) => Document {
  const { [routesKey]: routes } = guard;
  if (routes === undefined) throw invalid('describeFastify: pass the guard of latchkey/fastify that is registered.');
  return (given) => {
    if (!('openapiObject' in given))
      throw invalid('describeFastify: set the option openapi of @fastify/swagger, for a document of OpenAPI 3.');
    return describeRoutes(given.openapiObject, routes);
  };
}

function describeRoutes<Document extends OpenApiDocument>(
  document: Document,
  routes: readonly DocumentedRoute[],
): Document {
  const description = new Description(document);
  const bases = basesOf(document);
  for (const { methods, path, contractBy } of routes) {
    const template = templateOf(path);
    const names = [template, withoutBase(template, bases)];
    for (const method of methods) {
      const written = names.find((name) => description.operation(method, name) !== undefined);
      if (written !== undefined) description.add(method, written, contractBy(contractOf));
    }
  }
  return description.document();
}

/** A colon that is doubled, a parameter with or without its pattern, a pattern alone, or a wildcard. */
const special = /::|:(\w+)(?:\((?:[^()]|\([^()]*\))*\))?|\*/g;

/** Returns `/orders/{id}` for `/orders/:id(\\d+)`. */
function templateOf(path: string): string {
  return path.replace(special, (found, name?: string) => (found === '::' ? ':' : `{${name ?? found}}`));
}

/** The paths of the servers, which the plugin leaves out of those of operations, unless `stripBasePath` is false. */
function basesOf({ servers = [] }: OpenApiDocument): readonly string[] {
  const urls = servers.map(({ url, variables }) =>
    url.replace(/\{([^{}]+)\}/g, (_found, name: string) => String(variables?.[name]?.default)),
  );
  return urls.map((url) => url.replace(/^\w+:\/\/[^/]*/, '')).filter((base) => base !== '' && base !== '/');
}

function withoutBase(path: string, bases: readonly string[]): string {
  return bases.reduce((rest, base) => (rest.startsWith(base) ? rest.slice(base.length) : rest), path);
}
