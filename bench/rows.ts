/** The rows of the table: the server under load and the kind of keys. */

import type { Keys } from './load/requests.ts';

export type Framework =
  | 'node'
  | 'express'
  | 'express-parsed'
  | 'fastify'
  | 'hono'
  | 'koa'
  | 'nest-express'
  | 'nest-fastify';

/** The code that guards the handler, if any. */
export type Release = 'bare' | 'former' | 'present';

export interface Row {
  readonly framework: Framework;
  readonly release: Release;
  readonly store: 'none' | 'memory' | 'sqlite';
  readonly keys: Keys;
}

const frameworkTitles: Readonly<Record<Framework, string>> = {
  node: 'node:http',
  express: 'Express',
  'express-parsed': 'Express, body parsed first',
  fastify: 'Fastify',
  hono: 'Hono',
  koa: 'Koa',
  'nest-express': 'Nest on Express',
  'nest-fastify': 'Nest on Fastify',
};

const storeTitles = { none: '', memory: ', memory', sqlite: ', SQLite FULL' } as const;
const releaseTitles = { bare: ', bare', former: ', fa07599', present: ', now' } as const;

/** The row's unique title in the table. */
export function titleOf({ framework, release, store, keys }: Row): string {
  const kind = release === 'bare' ? '' : keys === 'unique' ? ', first' : ', replay';
  return frameworkTitles[framework] + storeTitles[store] + kind + releaseTitles[release];
}

export function bareOf(framework: Framework): Row {
  return { framework, release: 'bare', store: 'none', keys: 'unique' };
}

/** The bare server, and first requests and replays with the former and the current code. */
function rowsOn(framework: Framework, store: 'memory' | 'sqlite'): Row[] {
  const kinds: readonly Keys[] = ['unique', 'repeated'];
  const releases: readonly Release[] = ['former', 'present'];
  const guarded = kinds.flatMap((keys) => releases.map((release) => ({ framework, release, store, keys })));
  return [bareOf(framework), ...guarded];
}

/** The bare server, and first requests and replays with the current code, for adapters that the former code lacks. */
function presentRowsOn(framework: Framework): Row[] {
  return rowsOn(framework, 'memory').filter(({ release }) => release !== 'former');
}

/** Parts of the bench by their command-line names. */
export const groups = {
  node: rowsOn('node', 'memory'),
  express: rowsOn('express', 'memory'),
  fastify: rowsOn('fastify', 'memory'),
  hono: rowsOn('hono', 'memory'),
  koa: [...presentRowsOn('node'), ...presentRowsOn('koa')],
  // Nest on Express parses the body before its interceptors.
  nest: [
    ...presentRowsOn('express-parsed'),
    ...presentRowsOn('nest-express'),
    ...presentRowsOn('fastify'),
    ...presentRowsOn('nest-fastify'),
  ],
  sqlite: rowsOn('node', 'sqlite'),
} as const satisfies Readonly<Record<string, readonly Row[]>>;

export type GroupName = keyof typeof groups;

export function isGroupName(name: string): name is GroupName {
  return Object.hasOwn(groups, name);
}

/** Each row of these groups once. */
export function rowsIn(names: readonly GroupName[]): Row[] {
  const rows = names.flatMap((name): readonly Row[] => groups[name]);
  return [...new Map(rows.map((row) => [titleOf(row), row])).values()];
}
