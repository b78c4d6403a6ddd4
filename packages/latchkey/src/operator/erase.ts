/**
 * Removes the records of a principal, with audit entries.
 *
 * @module
 */

import type { Audit } from '../core/audit/audit.ts';
import type { AuditEntry } from '../core/audit/audit-entry.ts';
import { checkName, checkPerson, type Person } from './person.ts';
import type { OperatorTools } from './tools.ts';

/**
 * Records the erasure, then erases. It may be repeated. It has no time limit, since some stores read all their records.
 *
 * @throws LatchkeyError `option-invalid`, `store-unavailable`.
 */
export async function erasePrincipal(
  { store, runtime }: OperatorTools,
  audit: Audit,
  principal: string,
  by: Person,
): Promise<number> {
  const { who, why } = checkPerson(by);
  const id = checkName('principal', principal);
  const decisionId = runtime.random.uuid();
  const line = (event: AuditEntry['event']) => ({ atMs: runtime.clock.now(), event, decisionId, id, who, why });
  await audit.write(id, () => line('erasing'));
  const erased = await store.erase(id);
  await audit.write(id, () => line('erased'));
  return erased;
}
