import { randomUUID } from 'node:crypto';
import createClient from 'openapi-fetch';
import type { components, paths } from './api.js';

type Create = paths['/v1/orders']['post'];
type Marks = Create['responses'][200]['headers'];
type Conflict = components['schemas']['IdempotencyProblem409']['error']['latchkey_code'];

/** What a person reads; the compiler finds a code that is missing here. */
const advice: Readonly<Record<Conflict, string>> = {
  'in-progress': 'Wait, and send the same request again.',
  'outcome-unknown': 'Ask the shop.',
};

const [, , baseUrl = ''] = process.argv;
const headers = { Authorization: `Bearer sk_test_${randomUUID().replaceAll('-', '')}` };
const client = createClient<paths>({ baseUrl, headers });
const header = { 'Idempotency-Key': randomUUID() };

async function order(quantity: number) {
  const body = { product: 'lamp', quantity, source: 'tok_visa' } as const;
  const { data, error, response } = await client.POST('/v1/orders', { params: { header }, body });
  const marks: Pick<Marks, 'Idempotency-Status' | 'Idempotent-Replayed'> = {
    'Idempotency-Status': response.headers.get('Idempotency-Status') ?? '',
    ...(response.headers.has('Idempotent-Replayed') && { 'Idempotent-Replayed': 'true' }),
  };
  const code = error !== undefined && 'latchkey_code' in error.error ? error.error.latchkey_code : undefined;
  return { status: response.status, order: data?.id, marks, code };
}

const answers = { first: await order(1), again: await order(1), other: await order(2), advice };
console.log(JSON.stringify(answers));
