/** The contestants and their names in the table. */

import type { Keys } from '../load/requests.ts';
import type { App } from './apps/app.ts';
import { bare } from './apps/bare.ts';
import { expressIdempotency } from './apps/express-idempotency.ts';
import { floor, floorNodeRedis } from './apps/floor.ts';
import {
  latchkeyFormer,
  latchkeyFormerNodeRedis,
  latchkeyNodeRedis,
  latchkeyPostgres,
  latchkeyRedis,
} from './apps/latchkey.ts';
import { nodeIdempotency } from './apps/node-idempotency.ts';
import { powertoolsCached, powertoolsRedis } from './apps/powertools.ts';

export const contestants = {
  bare: { title: 'bare Fastify', app: bare },
  floor: { title: 'floor: SET NX GET, SET', app: floor },
  latchkey: { title: 'Latchkey', app: latchkeyRedis },
  latchkeyFormer: { title: 'Latchkey of fa07599', app: latchkeyFormer },
  floorNodeRedis: { title: 'floor, node-redis', app: floorNodeRedis },
  latchkeyNodeRedis: { title: 'Latchkey, node-redis', app: latchkeyNodeRedis },
  latchkeyFormerNodeRedis: { title: 'Latchkey of fa07599, node-redis', app: latchkeyFormerNodeRedis },
  nodeIdempotency: { title: '@node-idempotency/core', app: nodeIdempotency },
  expressIdempotency: { title: 'express-idempotency', app: expressIdempotency },
  powertools: { title: 'powertools', app: powertoolsRedis },
  powertoolsCached: { title: 'powertools, local cache', app: powertoolsCached },
  latchkeyPostgres: { title: 'Latchkey', app: latchkeyPostgres },
} as const satisfies Readonly<Record<string, { readonly title: string; readonly app: App }>>;

export type ContestantName = keyof typeof contestants;

export function isContestant(name: string): name is ContestantName {
  return Object.hasOwn(contestants, name);
}

/** One line of the table. */
export interface Row {
  readonly contestant: ContestantName;
  readonly keys: Keys;
}

/** First requests of all contestants, then replays. */
export function rowsOf(names: readonly ContestantName[]): Row[] {
  const kinds: readonly Keys[] = ['unique', 'repeated'];
  return kinds.flatMap((keys) => names.map((contestant) => ({ contestant, keys })));
}

export function titleOf({ contestant, keys }: Row): string {
  if (contestant === 'bare') return contestants.bare.title;
  return `${contestants[contestant].title}, ${keys === 'unique' ? 'first' : 'replay'}`;
}
