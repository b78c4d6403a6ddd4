/** A card provider, which honours or forgets idempotency keys, and whose answers can be late or lost. */

import { sleep } from '../../../src/core/runtime.ts';
import type { History } from './history.ts';
import type { Network } from './network.ts';
import type { Plan } from './plan.ts';
import type { Scheduler } from './scheduler.ts';
import type { Worker } from './worker.ts';

/** A call, with data for the checker. */
export interface ChargeCall {
  readonly idempotencyKey: string;
  readonly operationId: string;
  readonly scope: string;
  readonly name: string;
}

/** The parameters of a provider. */
export interface ProviderParts {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly history: History;
  readonly plan: Plan;
}

/** The provider of all workers. */
export class Provider {
  readonly #parts: ProviderParts;
  readonly #charges = new Map<string, string>();
  #count = 0;

  constructor(parts: ProviderParts) {
    this.#parts = parts;
  }

  /** Rejects if no answer arrives in time; the charge may have happened. */
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
