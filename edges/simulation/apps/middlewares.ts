/**
 * Real middleware, old and new.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { Next } from '../handlers/node-order.ts';

/** A middleware of the form `(request, response, next)`. */
export type Connect = (request: IncomingMessage, response: ServerResponse, next: Next) => void;

/** Loads a package that has no types, or has another name here. */
export const load = createRequire(import.meta.url) as <T>(name: string) => T;

type Factory = (...options: readonly unknown[]) => Connect;

const silent = { stream: { write: () => {} } };

const session = (name: string) => () =>
  load<Factory>(name)({
    secret: 'cats',
    resave: false,
    saveUninitialized: true,
    genid: () => 'session-1',
    // One per application, without the warning about production.
    store: new (load<{ MemoryStore: new () => unknown }>(name).MemoryStore)(),
  });

/** By name, with old and new ways of rewriting headers. */
const connect: Readonly<Record<string, () => Connect>> = {
  morgan: () => load<Factory>('morgan')('tiny', silent),
  'morgan 1.10.0': () => load<Factory>('morgan1100')('tiny', silent),
  'express-session': session('express-session'),
  'express-session 1.18.1': session('express-session1181'),
  compression: () => load<Factory>('compression')({ threshold: 0 }),
  'compression 1.7.4': () => load<Factory>('compression174')({ threshold: 0 }),
  'cookie-session': () => load<Factory>('cookie-session')({ keys: ['a'] }),
  'cookie-session 2.1.0': () => load<Factory>('cookie-session210')({ keys: ['a'] }),
  'response-time': () => load<Factory>('response-time')(),
  'response-time 2.3.3': () => load<Factory>('response-time233')(),
  helmet: () => load<{ default: Factory }>('helmet').default(),
  cors: () => load<Factory>('cors')({ origin: 'https://shop.example' }),
};

/** They misread a flat list of headers as pairs, without a guard too. */
const mistakesLists: ReadonlySet<string> = new Set([
  'morgan 1.10.0',
  'express-session 1.18.1',
  'compression 1.7.4',
  'cookie-session 2.1.0',
  'response-time 2.3.3',
]);

/** They call functions that a response over HTTP/2 does not have. */
const http1Only: ReadonlySet<string> = new Set(['compression 1.7.4', 'express-session', 'express-session 1.18.1']);

/** Middleware of Express and `node:http`. */
export const connectMiddlewares: readonly string[] = Object.keys(connect);

/** They set headers on the handler's Response, which throws if it is an unmodified one from `fetch`. */
const changesResponses: ReadonlySet<string> = new Set([
  'hono/compress',
  'hono/cors',
  'hono/etag',
  'hono/powered-by',
  'hono/request-id',
  'hono/secure-headers',
  'hono/timing',
]);

/** Whether a middleware works before a handler of this kind. */
export function fitsHandler(name: string, handler: string): boolean {
  if (handler === 'a head as a flat list') return !mistakesLists.has(name);
  // They delay the end, and accept writes after it.
  if (handler === 'write after the end' || handler === 'end twice') return !/^compression|^express-session/.test(name);
  // It sets Content-Length on a compressed answer, although trailers need chunks.
  if (handler === 'trailers') return name !== '@fastify/compress';
  // How much is sent before an error handler closes the connection depends on the compression thread.
  if (/after|twice$/.test(handler)) return !name.startsWith('compression');
  return !(handler.includes('upstream') && !handler.endsWith('made over') && changesResponses.has(name));
}

/** Whether an answer's head still fits adapters for AWS Lambda after this middleware. */
export function fitsLambda(name: string): boolean {
  return /^(?:helmet|cors|morgan$|response-time$)/.test(name);
}

/** Whether a middleware works over HTTP/2. */
export function fitsHttp2(name: string): boolean {
  return !http1Only.has(name);
}

/** Creates middlewares by name. */
export function connectAll(names: readonly string[]): Connect[] {
  return names.map((name) => {
    const make = connect[name];
    if (make === undefined) throw new Error(`There is no middleware ${name}.`);
    return make();
  });
}
