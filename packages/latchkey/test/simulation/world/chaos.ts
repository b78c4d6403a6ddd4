/** The faults of workers, clocks and the store, and their end. */

import type { Chance } from './chance.ts';
import type { Fleet, Member } from './fleet.ts';
import type { History } from './history.ts';
import type { Network } from './network.ts';
import type { Plan } from './plan.ts';
import type { Scheduler } from './scheduler.ts';
import type { Server } from './server.ts';

/** The maximum clock step as a share of a lease, which the worker's margin covers. */
const clockShare = 0.03;

/** The parts of the world that chaos affects. */
export interface ChaosParts {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly plan: Plan;
  readonly fleet: Fleet;
  readonly network: Network;
  readonly server: Server;
  readonly history: History;
}

/** Schedules all faults. */
export function unleash(parts: ChaosParts): void {
  const { plan, chance } = parts;
  const { crashes, freezes, drains, partitions, outages, storeClock } = plan.weather;
  for (let n = 0; n < crashes; n += 1) sometime(parts, () => crash(parts));
  for (let n = 0; n < freezes; n += 1) sometime(parts, () => freeze(parts));
  for (let n = 0; n < drains; n += 1) sometime(parts, () => drain(parts));
  for (let n = 0; n < partitions; n += 1) sometime(parts, () => cutOff(parts));
  for (let n = 0; n < outages; n += 1) sometime(parts, () => outage(parts));
  if (plan.weather.name !== 'calm') for (let n = 0; n < 3; n += 1) sometime(parts, () => stepWallClock(parts));
  const steps = { steady: 0, steps: chance.count(1, 6), wild: chance.count(5, 40) }[storeClock];
  for (let n = 0; n < steps; n += 1) sometime(parts, () => stepStoreClock(parts));
}

/** Ends all faults: frozen workers continue, the network works, and there is a new worker. */
export function heal({ fleet, network, history }: ChaosParts): void {
  network.isHealed = true;
  network.isStoreAway = false;
  history.add({ type: 'outage', who: 'world', what: 'healed' });
  fleet.start();
  for (const { host } of fleet.members) {
    host.thaw();
    host.correctWallClock();
  }
}

function sometime({ scheduler, chance, plan }: ChaosParts, happen: () => void): void {
  scheduler.after(chance.fraction() * plan.horizonMs, happen);
}

function someone({ fleet, chance }: ChaosParts): Member | undefined {
  const { alive } = fleet;
  return alive[Math.floor(chance.fraction() * alive.length)];
}

function replace({ fleet, scheduler, chance, plan }: ChaosParts): void {
  scheduler.after(chance.fraction() * plan.leaseMs, () => fleet.start());
}

function crash(parts: ChaosParts): void {
  const member = someone(parts);
  if (member === undefined) return;
  member.host.crash();
  replace(parts);
}

function freeze(parts: ChaosParts): void {
  const { chance, plan } = parts;
  someone(parts)?.host.freeze(chance.fraction() * 3 * plan.leaseMs);
}

/** A deployment: the process shuts down gracefully, or almost. */
function drain(parts: ChaosParts): void {
  const member = someone(parts);
  if (member === undefined || !member.host.isAwake) return;
  const { chance, plan, history } = parts;
  history.add({ type: 'draining', who: member.host.name });
  void member.front.shutdown(chance.fraction() * plan.leaseMs).then(() => member.host.crash());
  replace(parts);
}

/** The others take over this worker's records without its knowledge. */
function cutOff(parts: ChaosParts): void {
  const { network, scheduler, chance, plan, history } = parts;
  const name = someone(parts)?.host.name ?? '';
  network.cutOff.add(name);
  history.add({ type: 'outage', who: name, what: 'cut off' });
  scheduler.after(chance.between(0.5, 2.5) * plan.leaseMs, () => {
    network.cutOff.delete(name);
    history.add({ type: 'outage', who: name, what: 'back' });
  });
}

function outage({ network, scheduler, chance, plan, history }: ChaosParts): void {
  network.isStoreAway = true;
  history.add({ type: 'outage', who: 'store', what: 'away' });
  scheduler.after(chance.fraction() * 2 * plan.leaseMs, () => {
    network.isStoreAway = false;
    history.add({ type: 'outage', who: 'store', what: 'back' });
  });
}

function stepWallClock(parts: ChaosParts): void {
  someone(parts)?.host.stepWallClock(parts.chance.between(-3_600_000, 3_600_000));
}

function stepStoreClock({ server, chance, plan }: ChaosParts): void {
  if (plan.weather.storeClock === 'wild') server.stepClock(chance.between(-1, 1) * 2 * plan.leaseMs);
  // Every second step undoes the one before, so that they never add up to more than the margin.
  else server.stepClock(server.aheadMs > 0 ? -server.aheadMs : chance.fraction() * clockShare * plan.leaseMs);
}
