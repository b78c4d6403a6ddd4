/** Starts the payments server, sends it payments, and kills it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The customer's request, which the customer repeats. */
export const payment = { key: 'order-81', account: 'acct_1', path: '/payments', body: '{"amount":2000}' };

/** A running payments server. */
export interface Payments {
  /** Waits for a line that begins with this word, and returns the rest of it. */
  heard(word: string): Promise<string>;
  pay(): Promise<Response>;
  kill(): Promise<void>;
}

/** Starts the server on a store. @param hangs - whether its provider never answers. */
export async function startPayments(store: string, hangs: boolean): Promise<Payments> {
  const script = fileURLToPath(new URL('children/payments.ts', import.meta.url));
  const env = { ...process.env, LATCHKEY_STORE: store, ...(hangs && { LATCHKEY_HANG: '1' }) };
  const child = spawn(process.execPath, ['--no-warnings', script], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const heard = listener(child);
  const port = await heard('listening');
  return {
    heard,
    pay: () => pay(Number(port)),
    kill: async () => {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

function listener(child: ChildProcess): Payments['heard'] {
  const lines: string[] = [];
  let changed = () => {};
  createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
    lines.push(line);
    changed();
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`The server ended after: ${lines.join(', ')}`);
  });
  ended.catch(() => {});
  return async (word) => {
    for (;;) {
      const line = lines.find((one) => one.startsWith(`${word} `));
      if (line !== undefined) return line.slice(word.length + 1);
      await Promise.race([ended, new Promise<void>((resolve) => (changed = resolve))]);
    }
  };
}

function pay(port: number): Promise<Response> {
  const { key, account, path, body } = payment;
  const headers = { 'idempotency-key': key, 'x-account': account, 'content-type': 'application/json' };
  return fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body });
}

/** Leaves a lapsed record: the server is killed while it waits for its provider. Returns the charge's downstream key. */
export async function killWhileCharging(store: string): Promise<string> {
  const server = await startPayments(store, true);
  const answered = server.pay();
  const key = await Promise.race([server.heard('charging'), answered.then(({ status }) => `answered ${status}`)]);
  await server.kill();
  await answered.catch(() => {});
  return key;
}
