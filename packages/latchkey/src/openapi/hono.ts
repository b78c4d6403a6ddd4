/**
 * The document of `@hono/zod-openapi`.
 *
 * @module
 */

import { contractOf } from '../http/contract/contract.ts';
import { contractKey, type ReadContract } from '../http/contract/contract-access.ts';
import { Description } from './description.ts';
import type { OpenApiDocument } from './document.ts';

/** A Hono application: its routes and middleware, in the order in which they were added. */
export interface HonoRoutes {
  readonly routes: readonly {
    readonly method: string;
    readonly path: string;
    readonly handler: unknown;
  }[];
}

/**
 * Adds what guards promise to the operations whose requests pass through them, as `describeIdempotency` does: in the
 * `middleware` of a route, or added with `app.use()` before the route. A guard inside another middleware, such as
 * `every()`, is not found.
 *
 * @example
 * ```ts
 * app.get('/openapi.json', (c) => c.json(describeHono(app.getOpenAPI31Document(config), app)))
 * ```
 */
export function describeHono<Document extends OpenApiDocument>(document: Document, app: HonoRoutes): Document {
  const description = new Description(document);
  description.forEach((method, path) => {
    const read = guardOf(app, method, path.replaceAll(/\/{(.+?)}/g, '/:$1'));
    if (read !== undefined) description.add(method, path, read(contractOf));
  });
  return description.document();
}

/** The guard that a request passes before its handler, which is the last function that was added with its path. */
function guardOf({ routes }: HonoRoutes, method: string, path: string): ReadContract | undefined {
  const last = routes.findLastIndex((route) => route.method === method && route.path === path);
  const before = routes.slice(0, Math.max(0, last)).filter((route) => reaches(route, method, path));
  return before.map(({ handler }) => readerOf(handler)).find((read) => read !== undefined);
}

function reaches(route: HonoRoutes['routes'][number], method: string, path: string): boolean {
  if (route.method !== 'ALL' && route.method !== method) return false;
  return route.path === path || patternOf(route.path).test(path);
}

const optional = /^:[^{]+\?$/;

/** A wildcard at the end also stands for nothing and for several parts, elsewhere for one part, as a parameter does. */
function patternOf(path: string): RegExp {
  const parts = path.split('/').slice(1);
  const texts = parts.map((part, index) => {
    if (part === '*') return index === parts.length - 1 ? '(?:/.*)?' : '/[^/]+';
    if (optional.test(part)) return '(?:/[^/]+)?';
    const [, pattern] = /^:[^{]+\{(.+)\}$/.exec(part) ?? [];
    if (pattern !== undefined) return `/(?:${pattern})`;
    return part.startsWith(':') ? '/[^/]+' : `/${part.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')}`;
  });
  return new RegExp(`^${texts.join('')}$`);
}

/** Hono wraps the handlers of an application with its own `onError` when it is mounted in another one. */
const composed = '__COMPOSED_HANDLER';

function readerOf(handler: unknown): ReadContract | undefined {
  if (typeof handler !== 'function') return undefined;
  const inner: unknown = Reflect.get(handler, composed);
  return inner === undefined ? Reflect.get(handler, contractKey) : readerOf(inner);
}
