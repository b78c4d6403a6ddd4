import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ProviderProcess } from '../../../../examples/payments/test/support/provider-process.ts';
import { listen } from '../../../latchkey/test/adapters/apps/server.ts';
import { freePort } from '../../../latchkey/test/servers/free-port.ts';
import { graded, rowsThat } from '../conformance/graded.ts';

const server = fileURLToPath(new URL('../../../../examples/payments/src/server.ts', import.meta.url));

const claims = ['--profile', 'stripe', '--key-format', 'lenient', '--after-failure', 'rerun'];
const header = (name: string) => ['--header', `Authorization: Bearer sk_test_${name}`];
const variant = (name: string, change: object) => ['--variant', `${name}=${JSON.stringify(change)}`];

/** Grades a route of the payments example, which the tester starts and kills. */
async function gradePayments(
  route: string,
  argsFor: (url: string) => readonly string[],
  environment: Readonly<Record<string, string>> = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-conformance-'));
  const port = await freePort();
  const env = { ...environment, PORT: String(port), LATCHKEY_DATA: folder };
  const settings = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
  const start = `${settings.join(' ')} exec '${process.execPath}' '${server}'`;
  try {
    const url = `http://127.0.0.1:${port}${route}`;
    return await graded([url, ...claims, ...header('one'), '--start-command', start, ...argsFor(url)]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface ChargePage {
  readonly data: readonly { readonly id: string }[];
  readonly has_more: boolean;
}

/** The number of charges of an account, which are listed in pages. */
async function chargesOf(url: string, account: string): Promise<number> {
  const headers = { Authorization: `Bearer sk_test_${account}` };
  let count = 0;
  let after = '';
  for (;;) {
    const response = await fetch(`${url}?limit=100${after}`, { headers });
    const { data, has_more: hasMore } = (await response.json()) as ChargePage;
    count += data.length;
    if (!hasMore) return count;
    after = `&starting_after=${data.at(-1)?.id}`;
  }
}

/** Counts the charges at the URL that its query names. */
function startCounter() {
  const server = createServer(async (request, response) => {
    const charges = new URL(request.url ?? '', 'http://localhost').searchParams.get('charges') ?? '';
    response.end(String((await chargesOf(charges, 'one')) + (await chargesOf(charges, 'two'))));
  });
  return listen(server);
}

describe.concurrent('the payments example', () => {
  it('gets full marks for charges', async ({ onTestFinished }) => {
    const charge = { amount: 2000, currency: 'usd', source: 'tok_visa' };
    const counter = await startCounter();
    onTestFinished(counter.close);
    const report = await gradePayments('/v1/charges', (url) => [
      ...['--body', JSON.stringify(charge), '--count-url', `${counter.origin}/?charges=${encodeURIComponent(url)}`],
      ...variant('other', { headers: { Authorization: 'Bearer sk_test_two' } }),
      ...variant('declined', { body: { ...charge, source: 'tok_chargeDeclined' } }),
      ...variant('read', {}),
    ]);
    expect(rowsThat('failed', report)).toEqual([]);
    // Charges take less than a millisecond, answer neither with 500 nor in pieces, and have no other operation.
    const unseen = ['R20', 'R27', 'R28', 'R29', 'R32', 'R36', 'R38', 'R45', 'R53', 'R54', 'R56', 'R57', 'R80', 'R41'];
    expect(rowsThat('not-seen', report)).toEqual(unseen);
  });

  it('runs an order once, and resumes it after a kill', async () => {
    const provider = await ProviderProcess.start();
    try {
      await provider.tell({ always: ['slow'] });
      const args = ['--body', '{"product":"lamp","quantity":2,"source":"tok_visa"}', '--variant', 'slow={}'];
      const counted = ['--count-url', `${provider.url}/v1/charges`, '--count-pointer', '/data'];
      const rows = ['R28', 'R31', 'R41'];
      const report = await gradePayments(
        '/v1/orders',
        () => [...args, ...counted, '--key', 'required', '--rows', rows.join(',')],
        {
          CARD_PROVIDER: provider.url,
        },
      );
      expect(rowsThat('passed', report)).toEqual(rows);
    } finally {
      await provider.stop();
    }
  });
});
