import type { Keys } from './load/requests.ts';
import type { Results } from './results.ts';
import { bareOf, type Framework, type Release, type Row, titleOf } from './rows.ts';
import type { Sample } from './sampling.ts';
import type { Target } from './target.ts';

/** The body of every response. */
const responseBytes = 400;

const kindNames = { unique: 'first', repeated: 'replay' } as const;

function row(framework: Framework, release: Release, keys: Keys, store: Row['store'] = 'memory'): Row {
  return { framework, release, store, keys };
}

/** The cost of the guard beyond the bare server. */
function addedTo(results: Results, guarded: Row, pick: (sample: Sample) => number): number {
  return pick(results.of(guarded)) - pick(results.of(bareOf(guarded.framework)));
}

function againstFormer(
  what: string,
  pick: (sample: Sample) => number,
  framework: Framework,
  keys: Keys,
  limit: number,
): Target<Results> {
  const title = titleOf(row(framework, 'present', keys)).replace(/, now$/, '');
  return {
    title: `${title}: added ${what} against fa07599`,
    unit: '×',
    bound: 'at most',
    limit,
    digits: 2,
    measured: (results) =>
      addedTo(results, row(framework, 'present', keys), pick) / addedTo(results, row(framework, 'former', keys), pick),
  };
}

/** The CPU that the guard adds to the bare server, as a fraction of what the former code added. */
function addedCpu(framework: Framework, limits: Readonly<Record<Keys, number>>): Target<Results>[] {
  const kinds: readonly Keys[] = ['unique', 'repeated'];
  return kinds.map((keys) =>
    againstFormer('CPU', ({ mainUsPerRequest }) => mainUsPerRequest, framework, keys, limits[keys]),
  );
}

/** The CPU that the guard adds in a framework, as a multiple of what it adds on the platform below it. */
function addedAgainst(name: string, framework: Framework, platform: Framework): Target<Results>[] {
  const kinds: readonly Keys[] = ['unique', 'repeated'];
  const added = (results: Results, on: Framework, keys: Keys) =>
    addedTo(results, row(on, 'present', keys), ({ mainUsPerRequest }) => mainUsPerRequest);
  return kinds.map((keys) => ({
    title: `${name}, ${kindNames[keys]}: added CPU against ${platform}`,
    unit: '×',
    bound: 'at most',
    limit: 1.2,
    digits: 2,
    measured: (results) => added(results, framework, keys) / added(results, platform, keys),
  }));
}

function addedHeap(keys: Keys, limit: number): Target<Results> {
  return againstFormer('heap', ({ heapBytesPerRequest }) => heapBytesPerRequest, 'fastify', keys, limit);
}

const sqlite = (release: Release, keys: Keys) => row('node', release, keys, 'sqlite');

function sqliteDelay(keys: Keys): Target<Results> {
  return {
    title: `SQLite, ${kindNames[keys]}: event-loop delay p99 against fa07599`,
    unit: '×',
    bound: 'at most',
    limit: 1,
    digits: 2,
    measured: (results) =>
      results.of(sqlite('present', keys)).delayP99Ms / results.of(sqlite('former', keys)).delayP99Ms,
  };
}

export const targets: readonly Target<Results>[] = [
  ...addedCpu('node', { unique: 0.45, repeated: 0.5 }),
  ...addedCpu('fastify', { unique: 0.45, repeated: 0.65 }),
  ...addedCpu('express', { unique: 0.62, repeated: 0.5 }),
  ...addedCpu('hono', { unique: 1, repeated: 1 }),
  ...addedAgainst('Koa', 'koa', 'node'),
  ...addedAgainst('Nest on express', 'nest-express', 'express-parsed'),
  ...addedAgainst('Nest on fastify', 'nest-fastify', 'fastify'),
  addedHeap('unique', 0.55),
  addedHeap('repeated', 0.6),
  {
    title: 'SQLite, first: rate against fdatasync',
    unit: '×',
    bound: 'at least',
    limit: 2.3,
    digits: 2,
    measured: (results) => results.of(sqlite('present', 'unique')).requestsPerSecond / results.fdatasyncPerSecond,
  },
  {
    title: 'SQLite, replay: rate against bare',
    unit: '×',
    bound: 'at least',
    limit: 0.85,
    digits: 2,
    measured: (results) =>
      results.of(sqlite('present', 'repeated')).requestsPerSecond / results.of(bareOf('node')).requestsPerSecond,
  },
  sqliteDelay('unique'),
  sqliteDelay('repeated'),
  {
    title: 'SQLite: record beyond its response',
    unit: 'bytes',
    bound: 'at most',
    limit: 400,
    digits: 0,
    measured: (results) => results.of(sqlite('present', 'unique')).bytesPerRecord - responseBytes,
  },
];
