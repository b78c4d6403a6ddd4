import { readCharges, type StoredCharge } from '../support/charges-in-database.ts';
import { operationsIn } from '../support/operations.ts';
import { type Acknowledged, chargeHeaders } from './load.ts';

const retriesAtOnce = 16;

/** Sends every acknowledged payment again; returns those that got another answer. */
export async function retryAll(url: string, acknowledged: readonly Acknowledged[]): Promise<string[]> {
  const queue = [...acknowledged];
  const faults: string[] = [];
  const work = async () => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) faults.push(...(await retry(url, next)));
  };
  await Promise.all(Array.from({ length: retriesAtOnce }, work));
  return faults;
}

async function retry(url: string, { name, key, body, status, answer }: Acknowledged): Promise<string[]> {
  const headers = { ...chargeHeaders, 'idempotency-key': `"${key}"` };
  const response = await fetch(`${url}/v1/charges`, { method: 'POST', headers, body });
  const bytes = await response.text();
  const isReplay = response.headers.get('idempotent-replayed') === 'true';
  if (isReplay && response.status === status && bytes === answer) return [];
  return [`${name}: was answered ${status} ${answer}, and then ${response.status} ${bytes}`];
}

/** Compares the clients' answers with the database. */
export async function verifyDatabase(folder: string, acknowledged: readonly Acknowledged[]): Promise<string[]> {
  const charges = readCharges(folder);
  const completed = await operationsIn(folder, 'completed');
  const byName = Map.groupBy(charges, ({ description }) => description ?? '');
  return [
    ...acknowledged.flatMap((payment) => faultsOf(payment, byName.get(payment.name) ?? [])),
    ...strangers(charges, acknowledged),
    ...charges.filter(({ operationId }) => !completed.has(operationId ?? '')).map(({ id }) => `${id}: has no answer`),
  ];
}

/** A paid payment has exactly the charge of its answer; a declined one has none. */
function faultsOf({ name, status, answer }: Acknowledged, charges: readonly StoredCharge[]): string[] {
  const expected = status === 200 ? [String(JSON.parse(answer).id)] : [];
  const found = charges.map(({ id }) => id);
  return expected.join() === found.join()
    ? []
    : [`${name}: told ${expected.join() || 'nothing'}, stored ${found.join()}`];
}

function strangers(charges: readonly StoredCharge[], acknowledged: readonly Acknowledged[]): string[] {
  const names = new Set(acknowledged.map(({ name }) => name));
  return charges
    .filter(({ description }) => !names.has(description ?? ''))
    .map(({ id }) => `${id}: not reported to any client`);
}
