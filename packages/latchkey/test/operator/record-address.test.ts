import { describe, expect, it } from 'vitest';
import { idempotency } from '../../src/adapters/fetch.ts';
import { idempotent } from '../../src/index.ts';
import { operator, type RecordAddress, recordIdOf } from '../../src/operator/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';

const uuid = '8e03978e-40d5-43dd-bc93-6894a57f9324';

type Guarding = Pick<Parameters<typeof idempotency>[0], 'principal' | 'scope'>;

/** The only record that a request to a guard leaves. */
async function recordOf(options: Guarding, headers: Record<string, string>): Promise<string> {
  const store = memoryStore();
  const guard = idempotency({ store, ...options });
  const handler = guard(() => Response.json({ done: true }));
  await handler(new Request('https://shop.example/payments?currency=eur', { method: 'POST', headers, body: '{}' }));
  const { records } = await operator({ store }).list({ state: 'completed', limit: 10 });
  expect(records).toHaveLength(1);
  return records[0]?.id ?? '';
}

const payments = { method: 'post', path: '/payments?currency=usd' };

describe('recordIdOf', () => {
  it.each<[string, Guarding, Record<string, string>, RecordAddress]>([
    [
      'of a bare key',
      { principal: () => 'acct_1' },
      { 'idempotency-key': 'order-81' },
      { key: 'order-81', principal: 'acct_1', operation: payments },
    ],
    [
      'of a quoted key',
      { principal: () => 'acct_1' },
      { 'idempotency-key': '"order-81"' },
      { key: '"order-81"', principal: 'acct_1', operation: { method: 'POST', path: '/payments' } },
    ],
    [
      'by the Authorization header',
      { principal: 'authorization' },
      { 'idempotency-key': 'order-81', authorization: 'Bearer sk_live_1' },
      { key: 'order-81', principal: { authorization: 'bearer sk_live_1' }, operation: payments },
    ],
    [
      'without a principal',
      { principal: 'anonymous' },
      { 'idempotency-key': uuid },
      { key: uuid, principal: { anonymous: true }, operation: payments },
    ],
    [
      'in a named scope',
      { principal: () => 'acct_1', scope: 'pay' },
      { 'idempotency-key': 'order-81' },
      { key: 'order-81', principal: 'acct_1', operation: { scope: 'pay' } },
    ],
  ])('is the id of the record %s', async (_, options, headers, address) => {
    expect(recordIdOf(address)).toBe(await recordOf(options, headers));
  });

  it('is the id of the record of a function', async () => {
    const store = memoryStore();
    const charge = idempotent(async (_: string) => 'done', { name: 'charge', store, key: (order) => order });
    await charge('order 81');
    const { records } = await operator({ store }).list({ state: 'completed', limit: 10 });
    const address = { key: 'order 81', principal: '', operation: { function: 'charge' } };
    expect(records.map(({ id }) => id)).toEqual([recordIdOf(address)]);
  });

  it.each<[RecordAddress['key'], RecordAddress['principal'], string]>([
    ['a,b', 'acct_1', 'key-invalid'],
    ['order-81', { anonymous: true }, 'key-invalid'],
    ['order-81', { authorization: '' }, 'principal-missing'],
    ['order-81', { authorization: 'Digest username=a' }, 'principal-unstable'],
  ])('refuses the key %s with the principal %j', (key, principal, code) => {
    expect(() => recordIdOf({ key, principal, operation: payments })).toThrow(expect.objectContaining({ code }));
  });
});
