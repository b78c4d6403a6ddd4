/** A card provider downstream: it honours idempotency keys, or forgets them; its answers are late, or get lost. */

import { sleep } from '../../../src/core/runtime.ts';
import type { History } from './history.ts';
import type { Network } from './network.ts';
import type { Plan } from './plan.ts';
import type { Scheduler } from './scheduler.ts';
import type { Worker } from './worker.ts';

/** A call, and what only the checker knows of it. */
export interface ChargeCall {
  readonly idempotencyKey: string;
  readonly operationId: string;
  readonly scope: string;
  readonly name: string;
}

/** What a provider is made from. */
export interface ProviderParts {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly history: History;
  readonly plan: Plan;
}

/** One provider for all. */
export class Provider {
  readonly #parts: ProviderParts;
  readonly #charges = new Map<string, string>();
  #count = 0;

  constructor(parts: ProviderParts) {
    this.#parts = parts;
  }

  /** Rejects if no answer comes in time; the charge may have happened. */
  async charge(worker: Worker, call: ChargeCall): Promise<string> {
    const { plan, network, scheduler } = this.#parts;
    const answer = new Promise<string>((resolve) => {
      network.tell(() => {
        const charge = this.#book(call);
        network.tell(() => scheduler.after(network.delayMs(), () => worker.deliver(() => resolve(charge))));
      });
    });
    const timeout = sleep(worker.runtime.timers, plan.leaseMs).then(() => undefined);
    const charge = await Promise.race([answer, timeout]);
    if (charge === undefined) throw new Error('The provider did not answer.');
    return charge;
  }

  #book({ idempotencyKey, ...call }: ChargeCall): string {
    const { plan, history } = this.#parts;
    const known = plan.provider === 'honest' ? this.#charges.get(idempotencyKey) : undefined;
    const charge = known ?? `ch${++this.#count}`;
    this.#charges.set(idempotencyKey, charge);
    history.add({ type: 'charged', ...call, idempotencyKey, charge, isNew: known === undefined });
    return charge;
  }
}
