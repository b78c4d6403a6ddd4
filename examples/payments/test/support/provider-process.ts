import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../../../packages/latchkey/test/servers/free-port.ts';
import type { Behaviour } from '../../src/provider/behaviour.ts';
import type { CardCharge } from '../../src/provider/ledger.ts';

const program = fileURLToPath(new URL('../../src/provider/server.ts', import.meta.url));

/** The card provider as a real process with a fixed port and folder; restarted if it dies. */
export class ProviderProcess {
  url = '';
  readonly #folder = mkdtempSync(join(tmpdir(), 'latchkey-provider-'));
  #child: ChildProcess | undefined;
  /** A process that died because of a payment must keep its behaviour. */
  #always: readonly Behaviour[] = ['ok'];
  #stopping = false;

  static async start(): Promise<ProviderProcess> {
    const provider = new ProviderProcess();
    await provider.#launch(await freePort());
    return provider;
  }

  pay(key: string, payment: object): Promise<Response> {
    const headers = { 'idempotency-key': `"${key}"`, 'content-type': 'application/json' };
    return fetch(`${this.url}/v1/charges`, { method: 'POST', headers, body: JSON.stringify(payment) });
  }

  async tell(orders: { readonly next?: readonly Behaviour[]; readonly always?: readonly Behaviour[] }): Promise<void> {
    this.#always = orders.always ?? this.#always;
    await this.#ask('/control', { method: 'PUT', body: JSON.stringify(orders) });
  }

  async forgetKeys(): Promise<void> {
    await this.#ask('/control/keys', { method: 'DELETE' });
  }

  async charges(query = ''): Promise<readonly CardCharge[]> {
    const response = await this.#ask(`/v1/charges${query}`);
    const { data } = (await response.json()) as { data: readonly CardCharge[] };
    return data;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** It may have died because of a payment and be restarting. */
  async #ask(path: string, init?: RequestInit, triesLeft = 200): Promise<Response> {
    try {
      return await fetch(`${this.url}${path}`, init);
    } catch (error) {
      if (triesLeft === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return this.#ask(path, init, triesLeft - 1);
    }
  }

  async #launch(port: number): Promise<void> {
    this.url = `http://127.0.0.1:${port}`;
    const words = [program, String(port), this.#folder, this.#always.join()];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    child.once('exit', () => {
      if (!this.#stopping) void this.#launch(port);
    });
    const lines = createInterface(child.stdout as Readable);
    await once(lines, 'line');
  }
}
