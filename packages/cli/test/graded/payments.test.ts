import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ProviderProcess } from '../../../../examples/payments/test/support/provider-process.ts';
import { freePort } from '../../../latchkey/test/servers/free-port.ts';
import { graded, rowsThat } from '../conformance/graded.ts';

const server = fileURLToPath(new URL('../../../../examples/payments/src/server.ts', import.meta.url));

const claims = ['--profile', 'stripe', '--key-format', 'lenient', '--after-failure', 'rerun'];
const header = (name: string) => ['--header', `Authorization: Bearer sk_test_${name}`];
const variant = (name: string, change: object) => ['--variant', `${name}=${JSON.stringify(change)}`];

/** Grades a route of the payments example, which the tester starts and kills. */
async function gradePayments(
  route: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-conformance-'));
  const port = await freePort();
  const env = { ...environment, PORT: String(port), LATCHKEY_DATA: folder };
  const settings = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
  const start = `${settings.join(' ')} exec '${process.execPath}' '${server}'`;
  try {
    const url = `http://127.0.0.1:${port}${route}`;
    return await graded([url, ...claims, ...header('one'), '--start-command', start, ...args]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.concurrent('the payments example', () => {
  it('gets full marks for charges', async () => {
    const charge = { amount: 2000, currency: 'usd', source: 'tok_visa' };
    const report = await gradePayments('/v1/charges', [
      ...['--body', JSON.stringify(charge), '--execution-id', '/id'],
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
        [...args, ...counted, '--key', 'required', '--rows', rows.join(',')],
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
