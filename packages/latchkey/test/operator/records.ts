/** Records of dead workers, in any store. */

import { packStep, startMark } from '../../src/core/steps/saved-step.ts';
import type { ClaimRequest, StoredRecord } from '../../src/core/store.ts';
import { encodeValue } from '../../src/core/support/codec.ts';
import type { Decision, OperatedStore } from '../../src/operator/index.ts';
import type { memoryStore } from '../../src/stores/memory/index.ts';
import { claimOf } from '../stores/requests.ts';

/** The methods that a worker calls. */
export type WorkedStore = OperatedStore & Pick<ReturnType<typeof memoryStore>, 'saveStep' | 'abandon' | 'erase'>;

export const ann = { who: 'ann', why: 'The provider has the charge.' };
export const ben = { who: 'ben', why: 'I see it there too.' };
export const created: Decision = { response: { status: 201, body: { id: 'ch_1' } } };

/** A record whose worker charged a card, began to write the order, and died. */
export async function lapse(
  store: WorkedStore,
  id: string,
  change: Partial<ClaimRequest> = {},
): Promise<{ readonly id: string; readonly token: string }> {
  const token = change.token ?? `token-of-${id}`;
  await store.claim(claimOf(id, token, { fingerprint: '1.print', acceptable: ['1.print'], ...change }));
  const step = (name: string, value: Uint8Array) => store.saveStep({ id, token, name, value });
  await step(startMark('charge'), encodeValue(null));
  await step('charge', packStep(encodeValue({ charge: 'ch_1' }), ['mail']));
  await step(startMark('order'), encodeValue(null));
  await store.abandon({ id, token, unresolvedRetentionMs: 30 * 86_400_000 });
  return { id, token };
}

/** Takes over the record, as a worker or a `recover` hook does, and dies. */
export async function takeOver(store: WorkedStore, id: string, token: string): Promise<void> {
  await store.claim(claimOf(id, token, { fingerprint: '1.print', acceptable: ['1.print'], takeover: 'any' }));
  await store.abandon({ id, token, unresolvedRetentionMs: 30 * 86_400_000 });
}

export async function stored(store: WorkedStore, id: string): Promise<StoredRecord> {
  const record = await store.read(id);
  if (record === undefined) throw new Error(`There is no record ${id}.`);
  return record;
}
