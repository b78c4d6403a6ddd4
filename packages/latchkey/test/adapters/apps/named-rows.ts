/** Which rows of the adapter suite run on an adapter and a store. */

import type { AdapterSuiteOptions } from '../../../src/testing/index.ts';

type Runner = Pick<AdapterSuiteOptions, 'describe' | 'it'>;

/** The stores on which every adapter is tested with all rows. */
export const localStores: ReadonlySet<string> = new Set(['memory', 'sqlite']);

/** The rows that depend on the store as much as on the adapter. */
const rows = /\bR(?:1|2|3|17|28|31|37|41|45|60|90)\b/;

/** The adapters for which only those rows run on a store that is not local. */
export const onNamedRows: ReadonlySet<string> = new Set([
  'koa',
  'lambda',
  'nest on express',
  'nest on fastify',
  'next',
]);

/**
 * The suite with all rows on a local store, and with those rows on any other. Groups of tests are then left out, since a
 * group without tests is an error.
 */
export function namedRows<Suite extends Runner>(store: string, suite: Suite): Suite {
  if (localStores.has(store)) return suite;
  return {
    ...suite,
    describe: (_name, body) => body(),
    it: (name, body) => (rows.test(name) ? suite.it(name, body) : undefined),
  };
}

/** The stores on which the guard for Next is tested; it is the guard of `latchkey/fetch`. */
export const nextStores: readonly string[] = ['memory', 'sqlite', 'redis', 'postgres'];

/** Tests of Content-Length and Content-Encoding, which Next removes from every response of a route handler. */
const notInNext: ReadonlySet<string> = new Set([
  'R53 binary bytes are replayed unchanged',
  'R53 R80 a compressed answer is replayed compressed or plain, as the client accepts',
]);

/** The rows that apply to Next. */
export function nextRows<Suite extends Runner>(store: string, suite: Suite): Suite {
  const it: Runner['it'] = (name, body) => (notInNext.has(name) ? undefined : suite.it(name, body));
  return namedRows(store, { ...suite, it });
}
