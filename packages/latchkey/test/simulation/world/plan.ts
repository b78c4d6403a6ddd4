/** The plan of a seed's world: its faults, its routes, and its requests, drawn in advance. */

import type { OperationSettings } from '../../../src/core/settings.ts';
import type { AfterFailure } from '../../../src/core/store.ts';
import type { Chance } from './chance.ts';

/** One action of a handler. */
export type Action =
  | { readonly kind: 'work' }
  | { readonly kind: 'step'; readonly name: string }
  | { readonly kind: 'transaction'; readonly name: string }
  /** Two concurrent steps. */
  | { readonly kind: 'steps'; readonly names: readonly [string, string] }
  /** A step concurrent with a transaction. */
  | { readonly kind: 'beside'; readonly step: string; readonly transaction: string }
  | { readonly kind: 'finish' };

/** The settings of one kind of operation, and its handler's actions. */
export interface RoutePlan {
  readonly name: string;
  readonly settings: Partial<OperationSettings> & {
    readonly afterFailure: AfterFailure;
    readonly maxAttempts: number;
    readonly maxRunMs: number;
  };
  readonly actions: readonly Action[];
  readonly recover: 'respond' | 'rerun' | 'leave' | undefined;
  /** Probability that an attempt fails or reports that nothing happened. */
  readonly failure: number;
  readonly nothing: number;
  /** The answer is too large for the store. */
  readonly isLarge: boolean;
}

/** The kinds and rates of faults. All times are in milliseconds. */
export interface Weather {
  readonly name: 'calm' | 'breezy' | 'stormy';
  /** Shares of messages. */
  readonly dropped: number;
  readonly refused: number;
  readonly replyLost: number;
  readonly failedAfter: number;
  readonly doubled: number;
  /** Share of very late messages, and their delay. */
  readonly late: number;
  readonly latestMs: number;
  /** Share of transactions that wait long for a connection. */
  readonly pooled: number;
  readonly crashes: number;
  readonly freezes: number;
  readonly drains: number;
  /** How often a worker is disconnected from the store. */
  readonly partitions: number;
  readonly outages: number;
  /** Whether the store's clock steps stay within the lease's margin or not. */
  readonly storeClock: 'steady' | 'steps' | 'wild';
}

/** One client's request; retried until there is an answer or the client gives up. */
export interface Wish {
  readonly atMs: number;
  readonly principal: string;
  readonly key: string;
  readonly route: number;
  readonly payload: string;
  /** The route in a newer deployment, with the other policy. */
  readonly redeployed: boolean;
}

/** The plan of a world. */
export interface Plan {
  readonly seed: number;
  readonly front: 'engine' | 'http';
  readonly weather: Weather;
  readonly workers: number;
  readonly leaseMs: number;
  readonly retentionMs: number;
  readonly horizonMs: number;
  readonly routes: readonly RoutePlan[];
  readonly wishes: readonly Wish[];
  /** How often an operator lists lapsed records; never in some worlds. */
  readonly operatorEveryMs: number | undefined;
  readonly provider: 'honest' | 'forgetful';
  readonly maxResultBytes: number;
  /** How often a principal is erased. */
  readonly erasures: number;
  /** Routes of `rerun` save their requests, and every worker runs a completer. */
  readonly hasCompleters: boolean;
  /** Every transaction puts a message into the outbox, and every worker runs a dispatcher. */
  readonly sendsMail: boolean;
}

const calm: Weather = {
  name: 'calm',
  ...{ dropped: 0, refused: 0, replyLost: 0, failedAfter: 0, doubled: 0, late: 0, latestMs: 0, pooled: 0 },
  ...{ crashes: 0, freezes: 0, drains: 0, partitions: 0, outages: 0 },
  storeClock: 'steady',
};

function weatherOf(chance: Chance, leaseMs: number): Weather {
  const name = chance.pick(['calm', 'breezy', 'breezy', 'breezy', 'stormy', 'stormy', 'stormy', 'stormy']);
  if (name === 'calm') return calm;
  const most = name === 'breezy' ? 0.05 : 0.2;
  const share = () => (chance.happens(0.4) ? 0 : chance.fraction() * most);
  const events = name === 'breezy' ? 1 : 3;
  return {
    name,
    ...{
      dropped: share(),
      refused: share(),
      replyLost: share(),
      failedAfter: share(),
      doubled: share(),
      late: share(),
    },
    latestMs: leaseMs * chance.pick([1, 2, 6]),
    pooled: 2 * share(),
    crashes: chance.count(0, events),
    freezes: chance.count(0, events),
    drains: chance.count(0, 1),
    partitions: chance.count(0, 2 * events),
    outages: chance.count(0, 1),
    storeClock: chance.pick(['steady', 'steps', 'steps', 'steps', 'steps', 'wild']),
  };
}

function actionsOf(chance: Chance): readonly Action[] {
  const work: Action = { kind: 'work' };
  const actions: Action[] = [work];
  for (let number = chance.count(0, 3); number > 0; number -= 1) {
    const name = `s${number}`;
    const kind = chance.pick(['step', 'step', 'transaction', 'steps', 'beside', 'work']);
    if (kind === 'work') actions.push(work);
    else if (kind === 'steps') actions.push({ kind, names: [name, `${name}b`] });
    else if (kind === 'beside') actions.push({ kind, step: name, transaction: `${name}t` });
    else actions.push({ kind, name });
  }
  if (chance.happens(0.35)) actions.push({ kind: 'finish' });
  else if (chance.happens(0.5)) actions.push(work);
  return actions;
}

function routeOf(chance: Chance, index: number, leaseMs: number, retentionMs: number, isCalm: boolean): RoutePlan {
  const afterFailure = chance.pick(['refuse', 'rerun', 'rerun']);
  return {
    name: `r${index}`,
    settings: {
      afterFailure,
      leaseMs,
      retentionMs,
      maxAttempts: chance.pick([2, 3, 10, 1_000]),
      maxRunMs: leaseMs * (isCalm ? 100 : chance.pick([4, 100, 100])),
      claimTimeoutMs: Math.round(leaseMs * chance.pick([0.2, 0.5, 1])),
      transactionLeaseMs: leaseMs * (isCalm ? 4 : chance.pick([1, 2])),
      whenRunning: chance.pick(['conflict', 'wait']),
      waitMs: 2 * leaseMs,
      markStepStarts: chance.happens(0.3),
    },
    actions: actionsOf(chance),
    recover: chance.happens(0.3) ? chance.pick(['respond', 'rerun', 'leave']) : undefined,
    failure: isCalm || chance.happens(0.5) ? 0 : chance.between(0, 0.5),
    nothing: isCalm || chance.happens(0.7) ? 0 : chance.between(0, 0.5),
    isLarge: chance.happens(0.1),
  };
}

function wishesOf(chance: Chance, plan: Pick<Plan, 'routes' | 'horizonMs'>): Wish[] {
  const wishes: Wish[] = [];
  for (let scopes = chance.count(2, 4); scopes > 0; scopes -= 1) {
    const scope = {
      principal: chance.pick(['p1', 'p2']),
      key: chance.pick(['k1', 'k2']),
      route: chance.count(0, plan.routes.length - 1),
    };
    const beginsAtMs = chance.fraction() * plan.horizonMs * 0.6;
    for (let times = chance.count(2, 4); times > 0; times -= 1) {
      const atMs =
        beginsAtMs + (chance.happens(0.4) ? 5 * chance.fraction() : chance.fraction() * plan.horizonMs * 0.4);
      const payload = chance.happens(0.2) ? 'b' : 'a';
      wishes.push({ atMs, ...scope, payload, redeployed: chance.happens(0.15) });
    }
  }
  return wishes.sort((a, b) => a.atMs - b.atMs);
}

/**
 * A claim that arrives after its record was erased begins it again under the former operation id, which no rule can
 * distinguish from the first.
 */
function isErasable({ name, late, doubled }: Weather): boolean {
  return name !== 'calm' && late === 0 && doubled === 0;
}

/** Draws the world of a seed. */
export function planOf(seed: number, chance: Chance): Plan {
  const leaseMs = chance.pick([600, 1_000, 2_000]);
  const retentionMs = chance.happens(0.12) ? 10 * leaseMs : 24 * 3_600_000;
  const horizonMs = 15 * leaseMs;
  const weather = weatherOf(chance, leaseMs);
  const routes = [1, 2].map((index) => routeOf(chance, index, leaseMs, retentionMs, weather.name === 'calm'));
  const front = chance.happens(0.25) ? 'http' : 'engine';
  return {
    seed,
    front,
    weather,
    workers: chance.count(2, 3),
    ...{ leaseMs, retentionMs, horizonMs, routes },
    wishes: wishesOf(chance, { routes, horizonMs }),
    operatorEveryMs: weather.name !== 'calm' && chance.happens(0.3) ? 3 * leaseMs : undefined,
    provider: chance.happens(0.15) ? 'forgetful' : 'honest',
    maxResultBytes: 2_000,
    erasures: isErasable(weather) && chance.happens(0.6) ? chance.count(1, 2) : 0,
    hasCompleters: front === 'engine' && weather.name !== 'calm' && chance.happens(0.4),
    sendsMail: chance.happens(0.3),
  };
}
