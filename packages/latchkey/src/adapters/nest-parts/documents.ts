/**
 * How `describeNest` of `latchkey/openapi` finds the guard of an operation: `@nestjs/swagger` copies the extensions of a
 * handler to its operations, so while a document is made, each handler has one that names it.
 *
 * @module
 */

import { type ExecutionContext, SetMetadata, type Type } from '@nestjs/common';
import { type ApplicationConfig, MetadataScanner, type ModulesContainer, Reflector } from '@nestjs/core';
import { HANDLER_EXTENSION, type NameHandlers, type ReadContract } from '../../http/contract/contract-access.ts';

export type Handler = ReturnType<ExecutionContext['getHandler']>;
type Module = ModulesContainer extends Map<string, infer M> ? M : never;

/** The keys of `@ApiExtension()`, of a handler's path, and of `@UseInterceptors()`. */
const extensionMetadata = 'swagger/apiExtension';
const pathMetadata = 'path';
const interceptorsMetadata = '__interceptors__';

const reflector = new Reflector();

/** What each interceptor says about a handler; undefined if it leaves the handler alone. */
export const readers = new WeakMap<object, (controller: Type, handler: Handler) => ReadContract | undefined>();

/** Returns what names the handlers of an application. */
export function nameHandlersOf(modules: ModulesContainer, config: ApplicationConfig): NameHandlers {
  return (create) => {
    const found = [...handlersOf(modules, config)];
    const undo = found.map(([handler], position) => addExtension(handler, position));
    try {
      const handlers = found.map(([{ name }, contracts]) => ({ name, contracts }));
      return { document: create(), handlers };
    } finally {
      for (const restore of undo) restore();
    }
  };
}

function addExtension(handler: Handler, position: number): () => void {
  const extensions = reflector.get<object | undefined>(extensionMetadata, handler);
  const set = (value: object | undefined) => SetMetadata(extensionMetadata, value)(handler as Type);
  set({ ...extensions, [HANDLER_EXTENSION]: position });
  return () => set(extensions);
}

/** The handlers of an application, and what reads their contracts for each controller that has them. */
function handlersOf(modules: ModulesContainer, config: ApplicationConfig): ReadonlyMap<Handler, ReadContract[]> {
  const scanner = new MetadataScanner();
  const found = new Map<Handler, ReadContract[]>();
  for (const module of modules.values())
    for (const { metatype } of module.controllers.values()) {
      if (typeof metatype !== 'function') continue;
      const { prototype } = metatype;
      for (const name of scanner.getAllMethodNames(prototype)) {
        const handler: Handler = prototype[name];
        if (reflector.get<unknown>(pathMetadata, handler) === undefined) continue;
        const read = readerIn(module, config, metatype as Type, handler) ?? (() => undefined);
        found.set(handler, [...(found.get(handler) ?? []), read]);
      }
    }
  return found;
}

/** Asks the interceptors on a handler in the order of Nest: the application's, the controller's, its own. */
function readerIn(
  module: Module,
  config: ApplicationConfig,
  controller: Type,
  handler: Handler,
): ReadContract | undefined {
  const declared = [controller, handler].flatMap(
    (target) => reflector.get<readonly object[] | undefined>(interceptorsMetadata, target) ?? [],
  );
  const instances = declared.map((used) =>
    typeof used === 'function' ? module.injectables.get(used)?.instance : used,
  );
  for (const interceptor of [...config.getGlobalInterceptors(), ...instances].map(Object)) {
    const read = readers.get(interceptor)?.(controller, handler);
    if (read !== undefined) return read;
  }
  return undefined;
}
