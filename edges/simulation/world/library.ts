/**
 * The library under test: the built one, or a copy of it with a deliberate fault.
 *
 * @module
 */

import { pathToFileURL } from 'node:url';

/** The used entries. */
export interface Library {
  readonly node: typeof import('latchkey/node')['idempotency'];
  readonly express: typeof import('latchkey/express')['idempotency'];
  readonly fastify: typeof import('latchkey/fastify')['idempotency'];
  readonly hono: typeof import('latchkey/hono')['idempotency'];
  readonly fetch: typeof import('latchkey/fetch')['idempotency'];
  readonly memoryStore: typeof import('latchkey/memory')['memoryStore'];
  readonly sqliteStore: typeof import('latchkey/sqlite')['sqliteStore'];
}

/** Loads the library from a folder with its built files. */
export async function loadLibrary(dist: string): Promise<Library> {
  const load = (file: string) => import(pathToFileURL(`${dist}/${file}`).href);
  const [node, express, fastify, hono, fetch, memory, sqlite] = await Promise.all([
    load('adapters/node.js'),
    load('adapters/express.js'),
    load('adapters/fastify.js'),
    load('adapters/hono.js'),
    load('adapters/fetch.js'),
    load('stores/memory/index.js'),
    load('stores/sqlite/index.js'),
  ]);
  return {
    node: node.idempotency,
    express: express.idempotency,
    fastify: fastify.idempotency,
    hono: hono.idempotency,
    fetch: fetch.idempotency,
    memoryStore: memory.memoryStore,
    sqliteStore: sqlite.sqliteStore,
  };
}
