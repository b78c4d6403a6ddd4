/** Faults of the server and the network: restarts, partitions, delays. */

import type { Treatment } from '../../servers/tcp-proxy.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { load } from '../fleet/load.ts';
import type { Task } from '../history/events.ts';
import { repeatedly } from './repeatedly.ts';
import { type Scenario, servers } from './scenario.ts';

export const restarts: Scenario = {
  name: 'the server killed and restarted',
  stores: ['postgres', 'redis', 'mariadb'],
  fewKeys: 30,
  manyKeys: 500,
  play: async (fleet, tasks, { keys }) => {
    const restart = async () => fleet.backend.restart?.();
    const work = () => load(fleet, tasks(keys, { leaseMs: 5_000, holdMs: 150 }), 8);
    const restarted = await repeatedly(restart, 2_000, work);
    return restarted > 0 ? undefined : ['the server was not restarted in mid-run'];
  },
};

export const flushes: Scenario = {
  name: 'scripts flushed',
  stores: ['redis'],
  fewKeys: 30,
  manyKeys: 500,
  undisturbed: true,
  play: async (fleet, tasks, { keys }) => {
    const flush = async () => fleet.backend.flushScripts?.();
    const flushed = await repeatedly(flush, 50, () => load(fleet, tasks(keys, {}), 8));
    return flushed > 0 ? undefined : ['no script was flushed in mid-run'];
  },
};

export const cuts: Scenario = {
  name: 'connections cut before and after a command',
  stores: servers,
  fewKeys: 30,
  manyKeys: 500,
  play: (fleet, tasks, { keys }) => {
    const ways: readonly Treatment[] = ['cut-before', 'cut-after'];
    const oneIn = 12;
    const treatment = () => ways[Math.floor(fleet.fraction() * ways.length * oneIn)] ?? 'pass';
    return disturbed(fleet, treatment, tasks(keys, { leaseMs: 3_000 }));
  },
};

export const lateReplies: Scenario = {
  name: 'replies later than the lease',
  stores: servers,
  fewKeys: 30,
  manyKeys: 500,
  play: (fleet, tasks, { keys }) => {
    const [everyMs, duringMs] = [2_000, 100];
    const startedAt = performance.now();
    const isLate = () => (performance.now() - startedAt) % everyMs < duringMs;
    const treatment = (): Treatment => (isLate() ? { delayMs: 900 } : 'pass');
    return disturbed(fleet, treatment, tasks(keys, { leaseMs: 600, holdMs: 100 }));
  },
};

async function disturbed(
  fleet: Fleet,
  treatment: () => Treatment,
  tasks: readonly Task[],
): Promise<readonly string[] | undefined> {
  const { proxy } = fleet.backend;
  const before = proxy?.disturbed ?? 0;
  proxy?.treat(treatment);
  await load(fleet, tasks, 8);
  proxy?.treat(() => 'pass');
  return (proxy?.disturbed ?? 0) > before ? undefined : ['nothing was disturbed'];
}
