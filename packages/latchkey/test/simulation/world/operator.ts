/** An operator who periodically lists lapsed records and decides by what was listed. */

import type { Resolution, StoredRecord, StoredResult } from '../../../src/core/store.ts';
import type { Chance } from './chance.ts';
import type { Network } from './network.ts';
import type { Plan } from './plan.ts';
import type { Scheduler } from './scheduler.ts';
import type { Server } from './server.ts';

/** The dependencies of an operator. */
export interface OperatorParts {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly server: Server;
  readonly chance: Chance;
  readonly plan: Plan;
  /** Encodes a person's answer as the front stores it. */
  readonly resultOf: (body: string) => StoredResult;
}

/** Polls until the end of the world. */
export function lookAfter(parts: OperatorParts): void {
  const { scheduler, plan } = parts;
  const everyMs = plan.operatorEveryMs;
  if (everyMs === undefined) return;
  for (let atMs = everyMs; atMs < plan.horizonMs; atMs += everyMs) scheduler.after(atMs, () => void look(parts));
}

async function look({ server, scheduler, chance, plan, ...parts }: OperatorParts): Promise<void> {
  const { records } = await server.store.list({ state: 'lapsed', limit: 10 });
  for (const record of records) {
    await scheduler.sleep(chance.fraction() * plan.leaseMs);
    const resolution = resolutionOf({ server, scheduler, chance, plan, ...parts }, record);
    await server.write('operator', 'resolve', { id: record.id, token: record.token, resolution });
  }
}

function resolutionOf({ chance, plan, resultOf }: OperatorParts, { operationId }: StoredRecord): Resolution {
  const { retentionMs } = plan;
  const decision = chance.pick(['respond', 'rerun', 'forget']);
  if (decision === 'forget') return { decision };
  if (decision === 'rerun') return { decision, retentionMs };
  const body = JSON.stringify({ operationId, execution: 'an operator', outcome: 'resolved', values: [] });
  return { decision, result: resultOf(body), retentionMs };
}
