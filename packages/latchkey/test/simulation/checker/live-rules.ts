/** I1 and I4: one live execution at a time, and none that continues after its lease without being aborted. */

import type { Applied, Timed } from '../world/history.ts';
import { type Facts, isClaimed, ownerKey } from './facts.ts';

interface Live {
  readonly execution: number;
  readonly scope: string;
  readonly worker: string;
  /** Record and token. */
  readonly owner: string | undefined;
  isAborted: boolean;
  /** It waits for the end of a transaction, whose database fences it. */
  isHandedOver: boolean;
}

/** Follows the history and tracks the live executions. */
class Watch {
  readonly found: string[] = [];
  readonly #running = new Map<number, Live>();
  readonly #asleep = new Set<string>();
  readonly #owners: ReadonlyMap<number, string | undefined>;

  constructor(facts: Facts) {
    this.#owners = new Map(facts.executions.map(({ began, claim }) => [began.execution, claim && ownerKey(claim)]));
  }

  see(event: Timed): void {
    this.#note(event);
    if (event.type === 'began' || event.type === 'left' || event.type === 'awake') this.#compare(event.atMs);
    if (event.type === 'applied' && event.method === 'erase') this.#forget(event);
    if (event.type !== 'applied' || event.method !== 'claim') return;
    if (event.outcome === 'lapsed' || (isClaimed(event) && event.tookOver === true)) this.#outlived(event);
  }

  #note(event: Timed): void {
    switch (event.type) {
      case 'began': {
        const { execution, scope, worker } = event;
        const owner = this.#owners.get(execution);
        this.#running.set(execution, { execution, scope, worker, owner, isAborted: false, isHandedOver: false });
        return;
      }
      case 'aborted':
        this.#change(event.execution, { isAborted: true });
        return;
      case 'entered':
      case 'left':
        this.#change(event.execution, { isHandedOver: event.type === 'entered' });
        return;
      case 'ended':
        this.#running.delete(event.execution);
        return;
      case 'crashed':
      case 'froze':
        this.#asleep.add(event.who);
        return;
      case 'awake':
        this.#asleep.delete(event.who);
    }
  }

  /** Erasing a running record ends its exclusivity: its worker is fenced, and notices at its next call. */
  #forget(erased: Applied): void {
    for (const [execution, { owner }] of this.#running) {
      if (owner === ownerKey(erased)) this.#running.delete(execution);
    }
  }

  #change(execution: number, change: Partial<Live>): void {
    const live = this.#running.get(execution);
    if (live !== undefined) Object.assign(live, change);
  }

  get #live(): Live[] {
    return [...this.#running.values()].filter(
      ({ worker, isAborted, isHandedOver }) => !isAborted && !isHandedOver && !this.#asleep.has(worker),
    );
  }

  #compare(atMs: number): void {
    const scopes = new Map<string, number>();
    for (const { scope, execution } of this.#live) {
      const other = scopes.get(scope);
      if (other !== undefined)
        this.found.push(`executions ${other} and ${execution} are both live at ${atMs.toFixed(3)}`);
      scopes.set(scope, execution);
    }
  }

  /** A repeated claim finds its own record. */
  #outlived(claim: Applied & { readonly atMs: number }): void {
    for (const live of this.#live) {
      if (live.owner?.startsWith(claim.record) !== true || live.owner === ownerKey(claim)) continue;
      this.found.push(`execution ${live.execution} still acts at ${claim.atMs.toFixed(3)}, when its lease is over`);
    }
  }
}

/** Within the limits of the store's clock steps. */
function isWithinAllowance({ plan }: Facts): boolean {
  return plan.weather.storeClock !== 'wild';
}

export const liveRules = {
  'I1: one live execution': (facts: Facts): readonly string[] => {
    if (!isWithinAllowance(facts)) return [];
    const watch = new Watch(facts);
    for (const event of facts.events) watch.see(event);
    return watch.found;
  },
};
