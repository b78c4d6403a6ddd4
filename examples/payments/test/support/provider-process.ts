import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Behaviour } from '../../src/provider/behaviour.ts';
import type { CardCharge } from '../../src/provider/ledger.ts';

const program = fileURLToPath(new URL('../../src/provider/server.ts', import.meta.url));

/** The card provider as a real process, on one port and one folder for its whole life; started again if it dies. */
export class ProviderProcess {
  url = '';
  readonly #folder = mkdtempSync(join(tmpdir(), 'latchkey-provider-'));
  #child: ChildProcess | undefined;
  #stopping = false;

  static async start(): Promise<ProviderProcess> {
    const provider = new ProviderProcess();
    await provider.#launch('0');
    return provider;
  }

  pay(key: string, payment: object): Promise<Response> {
    const headers = { 'idempotency-key': `"${key}"`, 'content-type': 'application/json' };
    return fetch(`${this.url}/v1/charges`, { method: 'POST', headers, body: JSON.stringify(payment) });
  }

  async tell(orders: { readonly next?: readonly Behaviour[]; readonly always?: readonly Behaviour[] }): Promise<void> {
    await fetch(`${this.url}/control`, { method: 'PUT', body: JSON.stringify(orders) });
  }

  async forgetKeys(): Promise<void> {
    await fetch(`${this.url}/control/keys`, { method: 'DELETE' });
  }

  async charges(query = ''): Promise<readonly CardCharge[]> {
    const response = await fetch(`${this.url}/v1/charges${query}`);
    const { data } = (await response.json()) as { data: readonly CardCharge[] };
    return data;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const exit = this.#child && once(this.#child, 'exit');
    this.#child?.kill('SIGTERM');
    await exit;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #launch(port: string): Promise<void> {
    const child = spawn(process.execPath, [program, port, this.#folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    child.once('exit', () => {
      if (!this.#stopping) void this.#launch(new URL(this.url).port);
    });
    const lines = createInterface(child.stdout as Readable);
    const [line] = await once(lines, 'line');
    this.url = String(line).replace(/^.* at /, '');
  }
}
