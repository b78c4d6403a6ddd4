/** What is compared on which server, and what it ought to come to. */

import type { Target } from '../target.ts';
import type { Backing } from './backing.ts';
import { type ContestantName, type Row, rowsOf } from './contestants.ts';
import { postgresBacking } from './postgres-backing.ts';
import { redisBacking } from './redis-backing.ts';
import type { Results } from './report.ts';

export interface Contest {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly targets: readonly Target<Results>[];
  start(): Promise<Backing>;
}

const bare: Row = { contestant: 'bare', keys: 'unique' };
const peers: readonly ContestantName[] = ['nodeIdempotency', 'expressIdempotency', 'powertools', 'powertoolsCached'];
const ofIoredis: readonly ContestantName[] = ['floor', 'latchkey', 'latchkeyCached'];
const ofNodeRedis: readonly ContestantName[] = ['floorNodeRedis', 'latchkeyNodeRedis', 'latchkeyCachedNodeRedis'];
const kindNames = { unique: 'first', repeated: 'replay' } as const;

function bestPeer(results: Results, keys: Row['keys']): number {
  return Math.max(...peers.map((peer) => results.of(peer, keys).requestsPerSecond));
}

/** A floor has the client of whoever is held against it. */
const floorNames = { floor: 'the floor', floorNodeRedis: 'the floor, node-redis' } as const;

function againstFloor(
  contestant: ContestantName,
  keys: Row['keys'],
  limit: number,
  floor: keyof typeof floorNames = 'floor',
): Target<Results> {
  return {
    title: `${kindNames[keys]}: rate against ${floorNames[floor]}`,
    unit: '×',
    bound: 'at least',
    limit,
    digits: 2,
    measured: (results) => results.of(contestant, keys).requestsPerSecond / results.of(floor, keys).requestsPerSecond,
  };
}

function againstPeers(contestant: ContestantName, keys: Row['keys']): Target<Results> {
  return {
    title: `${kindNames[keys]}: rate against the best peer`,
    unit: '×',
    bound: 'at least',
    limit: 1.25,
    digits: 2,
    measured: (results) => results.of(contestant, keys).requestsPerSecond / bestPeer(results, keys),
  };
}

function commands(contestant: ContestantName, keys: Row['keys'], limit: number, unit: string): Target<Results> {
  return {
    title: `${kindNames[keys]}: ${unit}`,
    unit,
    bound: 'exactly',
    limit,
    digits: 2,
    measured: (results) => results.of(contestant, keys).commandsPerRequest,
  };
}

export const contests = {
  redis: {
    title: 'Redis',
    rows: [bare, ...rowsOf([...ofIoredis, ...ofNodeRedis, ...peers])],
    targets: [
      againstFloor('latchkey', 'unique', 0.9),
      againstFloor('latchkeyCached', 'repeated', 1),
      againstFloor('latchkeyNodeRedis', 'unique', 0.9, 'floorNodeRedis'),
      againstFloor('latchkeyCachedNodeRedis', 'repeated', 1, 'floorNodeRedis'),
      againstPeers('latchkey', 'unique'),
      againstPeers('latchkeyCached', 'repeated'),
      commands('latchkey', 'unique', 2, 'commands'),
      commands('latchkey', 'repeated', 1, 'commands'),
    ],
    start: redisBacking,
  },
  postgres: {
    title: 'PostgreSQL',
    rows: [bare, ...rowsOf(['latchkeyPostgres'])],
    targets: [
      commands('latchkeyPostgres', 'unique', 2, 'statements'),
      commands('latchkeyPostgres', 'repeated', 1, 'statements'),
    ],
    start: postgresBacking,
  },
} as const satisfies Readonly<Record<string, Contest>>;

export type ContestName = keyof typeof contests;

export function isContest(name: string): name is ContestName {
  return Object.hasOwn(contests, name);
}
