import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriesOf, sumOf } from '../../../packages/latchkey/test/otel/exposition.ts';
import { freePort } from '../../../packages/latchkey/test/servers/free-port.ts';
import { callApi } from './support/api-client.ts';
import { chooseSeed, seededRandom } from './support/random.ts';
import { ServerProcess } from './support/server-process.ts';

const keys = 600;
const width = 24;

let server: ServerProcess;
let metrics: string;

beforeAll(async () => {
  const port = await freePort();
  metrics = `http://127.0.0.1:${port}/metrics`;
  server = await ServerProcess.start('server', [], { METRICS_PORT: String(port) });
});
afterAll(() => server.remove());

const seed = chooseSeed();
const random = seededRandom(seed);

/** What the clients saw, by the mark of the answer, or the status of one without a mark. */
const seen = new Map<string, number>();

async function charge(key: string | undefined, amount: number, source = 'tok_visa'): Promise<string> {
  const form = { amount: String(amount), currency: 'usd', source };
  const { headers, status } = await callApi(`${server.url}/v1/charges`, { ...(key !== undefined && { key }), form });
  const mark = headers.get('idempotency-status')?.split(';')[0] ?? `status ${status}`;
  seen.set(mark, (seen.get(mark) ?? 0) + 1);
  return mark;
}

/** Repeats a charge until it has its answer. */
async function chargeUntilAnswered(key: string, amount: number, source: string): Promise<void> {
  for (;;) if ((await charge(key, amount, source)) !== 'in-progress') return;
}

/** One key: duplicates at the same time, retries, and another payload; sometimes no key, or one that is too long. */
async function useKey(): Promise<void> {
  const key = randomUUID();
  const amount = random.integer(1, 9_999);
  const source = random.chance(0.1) ? 'tok_chargeDeclined' : 'tok_visa';
  const copies = random.integer(1, 4);
  await Promise.all(Array.from({ length: copies }, () => chargeUntilAnswered(key, amount, source)));
  for (let retries = random.integer(0, 2); retries > 0; retries -= 1) await charge(key, amount, source);
  if (random.chance(0.3)) await charge(key, amount + 1, source);
  if (random.chance(0.1)) await charge(undefined, amount);
  if (random.chance(0.1)) await charge('k'.repeat(256), amount);
}

async function client(): Promise<void> {
  for (let left = keys / width; left > 0; left -= 1) await useKey();
}

it(`scraped counters equal what the clients of a busy server saw (seed ${seed})`, async () => {
  await Promise.all(Array.from({ length: width }, client));
  const series = seriesOf(await (await fetch(metrics)).text());
  const counted = (outcome: string, more = {}) =>
    sumOf(series, 'latchkey_requests_total', {
      http_request_method: 'POST',
      latchkey_operation: 'POST /v1/charges',
      latchkey_outcome: outcome,
      ...more,
    });
  const saw = (mark: string) => seen.get(mark) ?? 0;
  const [executed, replayed, conflicts] = [saw('executed'), saw('replayed'), saw('in-progress')];
  expect({
    executed: counted('executed'),
    replayed: counted('replayed'),
    'in-progress': counted('in-progress'),
    'key-reused': counted('mismatch'),
    'key-invalid': counted('refused', { latchkey_code: 'key-invalid' }),
    'status 200': saw('status 200'),
  }).toEqual(Object.fromEntries(seen));
  expect(executed).toBe(keys);
  for (const mark of ['replayed', 'in-progress', 'key-reused', 'key-invalid', 'status 200'])
    expect(saw(mark), mark).toBeGreaterThan(0);
  const all = [...seen.values()].reduce((sum, count) => sum + count) - saw('status 200');
  expect(sumOf(series, 'latchkey_requests_total')).toBe(all);
  expect(sumOf(series, 'latchkey_attempts_total', { latchkey_attempt: 'first' })).toBe(executed);
  expect(sumOf(series, 'latchkey_attempts_total')).toBe(executed);
  expect(sumOf(series, 'latchkey_duplicates_prevented_total')).toBe(replayed + conflicts);
  const claims = sumOf(series, 'latchkey_store_duration_count', { latchkey_store: 'sqlite', latchkey_call: 'claim' });
  expect(claims).toBe(all - saw('key-invalid'));
  expect(sumOf(series, 'latchkey_lease_losses_total')).toBe(0);
});
