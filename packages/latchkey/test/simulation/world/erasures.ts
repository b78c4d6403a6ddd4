/** Erases all records of a principal, including running ones. */

import type { Chance } from './chance.ts';
import type { Plan } from './plan.ts';
import type { Scheduler } from './scheduler.ts';
import type { Server } from './server.ts';

/** The dependencies of erasures. */
export interface ErasureParts {
  readonly scheduler: Scheduler;
  readonly server: Server;
  readonly chance: Chance;
  readonly plan: Plan;
}

/** Erases at the times of the plan. */
export function eraseSometimes(parts: ErasureParts): void {
  const { scheduler, chance, plan } = parts;
  for (let n = 0; n < plan.erasures; n += 1)
    scheduler.after(chance.fraction() * plan.horizonMs, () => void eraseOne(parts));
}

async function eraseOne({ server, chance }: ErasureParts): Promise<void> {
  const records = await server.records();
  const chosen = records[Math.floor(chance.fraction() * records.length)];
  if (chosen !== undefined) await server.erase(chosen.principal);
}
