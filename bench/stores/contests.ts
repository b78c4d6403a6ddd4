/** The comparisons on each server, and their targets. */

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
const kindNames = { unique: 'first', repeated: 'replay' } as const;

/** A client and its contestants. */
const clients = {
  ioredis: { floor: 'floor', latchkey: 'latchkey', former: 'latchkeyFormer' },
  'node-redis': { floor: 'floorNodeRedis', latchkey: 'latchkeyNodeRedis', former: 'latchkeyFormerNodeRedis' },
} as const;

type Client = keyof typeof clients;

const [onIoredis, onNodeRedis] = [clients.ioredis, clients['node-redis']];

/** Each uses its own client, node-redis. */
const peers = ['nodeIdempotency', 'expressIdempotency', 'powertools'] as const;

/** It answers replays from memory, so only these are measured. */
const cachedReplays: Row = { contestant: 'powertoolsCached', keys: 'repeated' };

function against(
  client: Client,
  other: ContestantName,
  name: string,
  keys: Row['keys'],
  limit: number,
): Target<Results> {
  const { latchkey } = clients[client];
  return {
    title: `${client}, ${kindNames[keys]}: rate against ${name}`,
    unit: '×',
    bound: 'at least',
    limit,
    digits: 2,
    measured: (results) => results.of(latchkey, keys).requestsPerSecond / results.of(other, keys).requestsPerSecond,
  };
}

function targetsOf(client: Client): Target<Results>[] {
  const { floor, former } = clients[client];
  return [
    against(client, floor, 'the floor', 'unique', 0.8),
    against(client, floor, 'the floor', 'repeated', 0.75),
    against(client, former, 'fa07599', 'unique', 1),
    against(client, former, 'fa07599', 'repeated', 1),
    against(client, 'nodeIdempotency', '@node-idempotency/core', 'unique', 0.85),
    against(client, 'nodeIdempotency', '@node-idempotency/core', 'repeated', 1),
    against(client, 'expressIdempotency', 'express-idempotency', 'unique', 1),
    against(client, 'expressIdempotency', 'express-idempotency', 'repeated', 1),
    against(client, 'powertools', 'powertools', 'unique', 1),
    against(client, 'powertools', 'powertools', 'repeated', 1),
  ];
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
    rows: [
      bare,
      ...rowsOf([onIoredis.floor, onIoredis.latchkey, onIoredis.former]),
      ...rowsOf([onNodeRedis.floor, onNodeRedis.latchkey, onNodeRedis.former, ...peers]),
      cachedReplays,
    ],
    targets: [
      ...targetsOf('ioredis'),
      ...targetsOf('node-redis'),
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
