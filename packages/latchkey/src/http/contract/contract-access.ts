/**
 * How `latchkey/openapi` reads guards that it finds in a framework: at once, as the document hooks of frameworks require,
 * and with the reader of that module, so that no adapter contains one. Copies of the library share these symbols.
 *
 * @module
 */

import type { Contract, contractOf } from './contract.ts';

/** Returns a contract; undefined if the guard leaves the operation alone. */
export type ReadContract = (read: typeof contractOf) => Contract | undefined;

/** The member of a guard for Hono that reads its contract. */
export const contractKey: unique symbol = Symbol.for('latchkey.contract');

/** A route in the notation of its framework. */
export interface DocumentedRoute {
  readonly methods: readonly string[];
  readonly path: string;
  readonly contractBy: ReadContract;
}

/** The member of a guard that lists the routes which it has found. */
export const routesKey: unique symbol = Symbol.for('latchkey.routes');

/** A handler, and what reads its contract for each controller that has it: subclasses inherit handlers. */
export interface SharedHandler {
  readonly name: string;
  readonly contracts: readonly ReadContract[];
}

/** The member that an operation has while it is described: the position of its handler. */
export const HANDLER_EXTENSION = 'x-latchkey-handler';

/** The member of an interceptor that makes a document whose operations name their handlers. */
export const handlersKey: unique symbol = Symbol.for('latchkey.handlers');

/** Returns the document and the handlers of the application. */
export type NameHandlers = <Document>(create: () => Document) => {
  readonly document: Document;
  readonly handlers: readonly SharedHandler[];
};
