/** One world from one seed: everything runs in this process, controlled by the scheduler. */

import { loadRecovery } from '../../src/core/engine/load-recovery.ts';
import type { AnyOperatorStore, OperatorStore } from '../../src/core/store.ts';
import { Chance } from './world/chance.ts';
import { type ChaosParts, heal, unleash } from './world/chaos.ts';
import { Clients } from './world/client.ts';
import { Database } from './world/database.ts';
import { EngineFront, engineBody, engineResult } from './world/engine-front.ts';
import { eraseSometimes } from './world/erasures.ts';
import { Fleet } from './world/fleet.ts';
import { History, type Timed } from './world/history.ts';
import { HttpFront, httpBody, httpResult } from './world/http-front.ts';
import { sendMail } from './world/mail.ts';
import { Network } from './world/network.ts';
import { lookAfter } from './world/operator.ts';
import { type Plan, planOf } from './world/plan.ts';
import { Provider } from './world/provider.ts';
import type { AppRules } from './world/rules.ts';
import { Scheduler } from './world/scheduler.ts';
import { Server, type ServerRules } from './world/server.ts';
import type { Worker } from './world/worker.ts';
import { type SimKind, workerStore } from './world/worker-store.ts';

/** The parts that a fault can change, to test the checker. */
export interface Spoiling {
  /** The store's transitions. */
  readonly store?: (store: AnyOperatorStore) => AnyOperatorStore;
  /** A worker's connection to the store. */
  readonly connection?: (store: OperatorStore<SimKind>, worker: Worker) => OperatorStore<SimKind>;
  readonly server?: Partial<ServerRules>;
  readonly app?: Partial<AppRules>;
  readonly runtime?: (worker: Worker) => void;
}

/** The result of a seed. */
export interface World {
  readonly plan: Plan;
  readonly events: readonly Timed[];
}

const serverRules: ServerRules = {
  ...{ transactionsCheckOwners: true, transactionsRollBack: true },
  ...{ messagesWaitForCommit: true, keepsTaken: true },
};
const appRules: AppRules = { scopesByPrincipal: true, runsWithoutStore: false, endsLongRuns: true };

const fronts = {
  engine: { Front: EngineFront, bodyOf: engineBody, resultOf: engineResult },
  http: { Front: HttpFront, bodyOf: httpBody, resultOf: httpResult },
} as const;

/** More than the events of any world; a world that reaches it never ends. */
const mostEvents = 200_000;

/** Runs the world of a seed to its end. */
export async function simulate(seed: number, spoiling: Spoiling = {}): Promise<World> {
  await loadRecovery(); // loading takes real time, which the scheduler does not control
  const chance = new Chance(seed);
  const plan = planOf(seed, chance.stream('plan'));
  const front = fronts[plan.front];
  const scheduler = new Scheduler();
  const history = new History(() => scheduler.now);
  const network = new Network({ scheduler, chance: chance.stream('network'), weather: plan.weather, history });
  const spoil = spoiling.store ?? ((store: AnyOperatorStore) => store);
  const rules = { ...serverRules, ...spoiling.server };
  const server = new Server({
    ...{ scheduler, history, spoil, rules },
    maxResultBytes: plan.maxResultBytes,
    bodyOf: front.bodyOf,
  });
  const database = new Database(server);
  const provider = new Provider({ scheduler, network, history, plan });
  let executions = 0;
  const surroundings = {
    history,
    provider,
    chance: chance.stream('handlers'),
    sendsMail: plan.sendsMail,
    nextExecution: () => ++executions,
  };
  const endings: (() => void)[] = [];
  const fleet = new Fleet({
    ...{ scheduler, history },
    chance: chance.stream('fleet'),
    open: (worker) => {
      spoiling.runtime?.(worker);
      const pool = chance.stream(`pool of ${worker.name}`);
      const wires = { worker, network, server, database, chance: pool, weather: plan.weather };
      const connection = workerStore(wires);
      const store = spoiling.connection?.(connection, worker) ?? connection;
      const opened = new front.Front(worker, store, surroundings, { ...appRules, ...spoiling.app });
      const { post } = server;
      if (plan.sendsMail) endings.push(sendMail({ worker, network, post, store, leaseMs: plan.leaseMs }));
      if (plan.hasCompleters) endings.push(opened.complete(plan.routes));
      return opened;
    },
    onDeath: (worker) => void scheduler.after(network.delayMs(), () => database.disconnect(worker.name)),
  });
  const clients = new Clients({ scheduler, network, history, chance: chance.stream('clients'), plan, fleet });
  const chaos: ChaosParts = { scheduler, chance: chance.stream('chaos'), plan, fleet, network, server, history };

  for (let count = 0; count < plan.workers; count += 1) fleet.start();
  clients.begin();
  unleash(chaos);
  lookAfter({ scheduler, network, server, chance: chance.stream('operator'), plan, resultOf: front.resultOf });
  eraseSometimes({ scheduler, server, chance: chance.stream('erasures'), plan });
  await scheduler.run(plan.horizonMs, mostEvents);
  heal(chaos);
  await scheduler.run(scheduler.now + 60 * plan.leaseMs, mostEvents);
  history.add({ type: 'outage', who: 'helpers', what: 'away' });
  for (const end of endings) end();
  await scheduler.run(scheduler.now + plan.leaseMs, mostEvents);
  clients.askFinally();
  await scheduler.run(Number.POSITIVE_INFINITY, mostEvents);
  return { plan, events: history.events };
}
