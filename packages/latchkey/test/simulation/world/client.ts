/** Clients: they send a request to some worker, wait, and retry without an answer. */

import type { Chance } from './chance.ts';
import type { Fleet } from './fleet.ts';
import type { FrontAnswer, Incoming } from './front.ts';
import type { History } from './history.ts';
import type { Network } from './network.ts';
import type { Plan, RoutePlan, Wish } from './plan.ts';
import type { Scheduler } from './scheduler.ts';

/** Maximum number of tries per request. */
const mostTries = 6;

/** The dependencies of clients. */
export interface ClientParts {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly history: History;
  readonly chance: Chance;
  readonly plan: Plan;
  readonly fleet: Fleet;
}

/** All clients. */
export class Clients {
  readonly #parts: ClientParts;
  #requests = 0;

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  /** Sends every request of the plan at its time. */
  begin(): void {
    const { plan, scheduler } = this.#parts;
    for (const wish of plan.wishes) scheduler.after(wish.atMs, () => void this.#pursue(wish));
  }

  /** Sends every request once more after all faults have ended, and retries until the answer is final. */
  askFinally(): void {
    const { plan } = this.#parts;
    const seen = new Set<string>();
    for (const wish of plan.wishes) {
      const name = `${scopeOf(wish, this.#routeOf(wish))} ${wish.payload}`;
      if (!seen.has(name)) void this.#pursue({ ...wish, redeployed: false }, true);
      seen.add(name);
    }
  }

  async #pursue(wish: Wish, final = false): Promise<void> {
    const { scheduler, chance, plan } = this.#parts;
    // In worlds with completers, clients don't retry.
    const most = final ? 60 : plan.hasCompleters ? 1 : mostTries;
    for (let tries = 0; tries < most; tries += 1) {
      const answer = await this.#ask(wish, final);
      if (answer !== undefined && isEnd(answer) && !(final && answer.kind === 'executed')) {
        if (final || chance.happens(0.7)) return;
      }
      await scheduler.sleep(chance.fraction() * plan.leaseMs * (final ? 2 : 0.8));
    }
  }

  /** Undefined if there was no answer. */
  #ask(wish: Wish, final: boolean): Promise<FrontAnswer | undefined> {
    const { scheduler, network, history, fleet, plan } = this.#parts;
    const incoming = this.#incoming(wish);
    const { request, scope, payload } = incoming;
    history.add({ type: 'sent', request, scope, payload, final });
    return new Promise((resolve) => {
      const worker = fleet.any();
      scheduler.after(plan.leaseMs * 8, () => resolve(undefined));
      worker?.host.onDeath(() => scheduler.after(network.delayMs(), () => resolve(undefined)));
      network.tell(() =>
        worker?.host.deliver(() => void worker.handle(incoming, (answer) => network.tell(() => resolve(answer)))),
      );
    });
  }

  #incoming(wish: Wish): Incoming {
    this.#requests += 1;
    const route = this.#routeOf(wish);
    const { principal, key, payload } = wish;
    return { request: this.#requests, scope: scopeOf(wish, route), payload, principal, key, route };
  }

  #routeOf({ route, redeployed }: Wish): RoutePlan {
    const planned = this.#parts.plan.routes[route];
    if (planned === undefined) throw new Error(`There is no route ${route}.`);
    return redeployed ? asRedeployed(planned) : planned;
  }
}

function scopeOf({ principal, key }: Wish, { name }: RoutePlan): string {
  return `${principal}/${name}/${key}`;
}

function asRedeployed(route: RoutePlan): RoutePlan {
  const afterFailure = route.settings.afterFailure === 'refuse' ? 'rerun' : 'refuse';
  return { ...route, settings: { ...route.settings, afterFailure } };
}

function isEnd({ kind }: FrontAnswer): boolean {
  return kind !== 'in-progress' && kind !== 'unavailable' && kind !== 'threw';
}
