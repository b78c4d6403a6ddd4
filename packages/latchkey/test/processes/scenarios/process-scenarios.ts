/** Several server processes on one store: undisturbed, killed, and short of connections. */

import type { Fleet } from '../fleet/fleet.ts';
import { load } from '../fleet/load.ts';
import { repeatedly } from './repeatedly.ts';
import { everyStore, type Scenario } from './scenario.ts';

export const duplicates: Scenario = {
  name: 'simultaneous duplicates',
  stores: everyStore,
  fewKeys: 60,
  manyKeys: 2_000,
  undisturbed: true,
  play: async (fleet, tasks, { keys }) => {
    await load(fleet, tasks(keys, {}), 12);
    return undefined;
  },
};

export const kills: Scenario = {
  name: 'a process killed every second',
  stores: everyStore,
  fewKeys: 40,
  manyKeys: 2_000,
  play: async (fleet, tasks, { keys }) => {
    const work = () => load(fleet, tasks(keys, { leaseMs: 1_000, holdMs: 150 }), 8);
    const killed = await repeatedly(() => killOne(fleet), 1_000, work);
    return killed > 0 ? undefined : ['no process was killed in mid-run'];
  },
};

async function killOne(fleet: Fleet): Promise<void> {
  const victim = fleet.any();
  await victim.kill();
  await victim.start();
}

export const exhaustion: Scenario = {
  name: 'the pool exhausted',
  stores: ['postgres', 'mariadb'],
  fewKeys: 60,
  manyKeys: 500,
  play: async (fleet, tasks, { keys }) => {
    const wanted = { policy: 'rerun', doing: 'finish', leaseMs: 3_000, holdMs: 50 } as const;
    await load(fleet, tasks(Math.ceil(keys / 2), wanted), 40);
    return undefined;
  },
};
