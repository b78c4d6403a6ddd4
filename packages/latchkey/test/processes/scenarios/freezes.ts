/** A worker frozen past its leases: records that were taken over refuse its writes, the others keep its answer. */

import type { Fleet } from '../fleet/fleet.ts';
import type { RunEvent, Task, ToldEvent } from '../history/events.ts';
import { everyStore, type Scenario, type TaskMaker } from './scenario.ts';
import { frozen, takeOver } from './taking-over.ts';

export const freezes: Scenario = {
  name: 'a worker frozen past its lease, then continued',
  stores: everyStore,
  fewKeys: 0,
  manyKeys: 0,
  play: async (fleet, tasks) => {
    const { taken, left } = cast(fleet, tasks);
    const told = await takeOver(fleet, taken, left);
    return [...taken.flatMap((task) => unmetOfTaken(fleet, task, told)), ...unmetOfLeft(left, told)];
  },
};

/** The tasks that are taken over, and those that are not. */
function cast({ backend }: Fleet, tasks: TaskMaker) {
  const common = { leaseMs: 2_000, holdMs: 4_000, whenRunning: 'reject' } as const;
  const rerun = { ...common, policy: 'rerun' } as const;
  const taken = [
    ...tasks(1, { ...rerun, doing: 'plain', probes: true }),
    ...tasks(1, { ...rerun, doing: 'step' }),
    ...(backend.hasTransactions ? tasks(1, { ...rerun, doing: 'transaction' }) : []),
  ];
  const left = [
    ...tasks(1, { ...common, policy: 'refuse', doing: 'plain' }),
    ...tasks(1, { ...rerun, doing: 'plain' }),
  ];
  return { taken, left };
}

function unmetOfTaken(fleet: Fleet, { key, doing }: Task, told: readonly ToldEvent[]): readonly string[] {
  const refused = new Set(refusals(fleet.events(), key));
  const missing = expectedRefusals(fleet, doing).filter((what) => !refused.has(what));
  const answered = told.some((event) => event.key === key && event.status === 201);
  return [
    ...missing.map((what) => `${key} (${doing}): no ${what} was seen`),
    ...(answered ? [`the frozen worker sent an answer of its own for ${key}`] : []),
  ];
}

/** The refused writes of the frozen worker, and whether its signal aborted. */
function refusals(events: readonly RunEvent[], key: string): readonly string[] {
  const own = events.filter((event) => 'key' in event && event.key === key && event.worker === frozen);
  const began = own.find(({ type }) => type === 'began');
  const claim = events.find((event) => event.type === 'claimed' && event.worker === frozen && isOf(event, began));
  return [
    ...events.flatMap((event) =>
      event.type === 'write' && claim?.type === 'claimed' && event.token === claim.token && !event.accepted
        ? [`refused ${event.method}`]
        : [],
    ),
    ...own.flatMap((event) => (event.type === 'refused' && event.note === 'lease-lost' ? ['refused step'] : [])),
    ...own.flatMap((event) => (event.type === 'aborted' ? ['signal'] : [])),
  ];
}

function isOf({ operationId }: { readonly operationId: string }, began: RunEvent | undefined): boolean {
  return began?.type === 'began' && began.operationId === operationId;
}

/** The probing task tries every write; the others are refused a step or a transaction, and then a release. */
function expectedRefusals({ backend }: Fleet, doing: Task['doing']): readonly string[] {
  if (doing !== 'plain') return ['signal', 'refused step', 'refused release'];
  const methods = ['renew', 'saveStep', 'abandon', 'release', 'complete'];
  if (backend.hasTransactions) methods.push('transaction');
  return ['signal', ...methods.map((method) => `refused ${method}`)];
}

function unmetOfLeft(left: readonly Task[], told: readonly ToldEvent[]): readonly string[] {
  return left
    .filter(({ key }) => !told.some((event) => event.key === key && event.status === 201))
    .map(({ key }) => `the late answer for ${key} was not kept`);
}
