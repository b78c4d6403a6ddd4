/** Wrong clocks of the workers and of the store. */

import { load } from '../fleet/load.ts';
import { machineTime } from '../history/events.ts';
import { repeatedly } from './repeatedly.ts';
import { everyStore, type Scenario, servers } from './scenario.ts';

export const clocks: Scenario = {
  name: 'clocks 5 minutes apart, handlers longer than their lease',
  stores: servers,
  fewKeys: 40,
  manyKeys: 500,
  play: async (fleet, tasks, { keys }) => {
    const few = Math.ceil(keys / 10);
    await load(fleet, tasks(few, { leaseMs: 1_000, holdMs: 1_500 }), few);
    return undefined;
  },
};

/** Leases then end early, so I1 can't hold; all other promises must. */
export const steps: Scenario = {
  name: 'the store’s clock stepped',
  stores: everyStore,
  fewKeys: 30,
  manyKeys: 500,
  play: async (fleet, tasks, { keys }) => {
    let aheadMs = 0;
    const step = async () => {
      const ms = aheadMs > 0 ? -aheadMs : 20_000;
      const sentAt = machineTime();
      await fleet.backend.stepClock(ms);
      aheadMs += ms;
      fleet.log({ type: 'stepped', ms, sentAt, at: machineTime() });
    };
    const count = await repeatedly(step, 400, () => load(fleet, tasks(keys, { leaseMs: 5_000, holdMs: 100 }), 8));
    return count > 0 ? undefined : ['the clock was not stepped in mid-run'];
  },
};
