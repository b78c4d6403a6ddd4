/**
 * One application of `apps/frameworks` in a separate process, and its answers.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { patience } from '../../../packages/latchkey/test/servers/patience.ts';
import { packages } from './workspace.ts';

/** How an application is started. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** A framework's answers in the form of the table. */
export interface Answers {
  readonly first: string;
  readonly replay: string;
  readonly mismatch: string;
  readonly retryAfterCrash: string;
}

interface Order {
  readonly item: string;
  readonly dies?: boolean;
}

const graceMs = 30_000;

const bun = join(packages, `@oven/bun-${process.platform}-${process.arch}/bin/bun`);
const deno = join(packages, `@deno/${process.platform}-${process.arch}-glibc/deno`);

/** The command by which each runtime runs a file. */
export const runtimes = {
  node: (file: string): Program => ({ command: process.execPath, args: ['--no-warnings', file] }),
  bun: (file: string): Program => ({ command: bun, args: ['run', file] }),
  deno: (file: string): Program => ({
    command: deno,
    args: ['run', '--allow-all', '--quiet', '--no-lock', '--node-modules-dir=manual', file],
    env: { DENO_NO_UPDATE_CHECK: '1' },
  }),
};

/** An application that can be killed and started again on the same store. */
class Shop implements AsyncDisposable {
  readonly #program: Program;
  readonly #cwd: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #port = '';

  constructor(program: Program, cwd: string, storeUrl: (folder: string) => string) {
    this.#program = program;
    this.#cwd = cwd;
    this.#folder = mkdtempSync(join(cwd, 'shop-'));
    const { NODE_ENV: _, ...env } = process.env;
    this.#env = { ...env, STORE_URL: storeUrl(this.#folder), SHOP_FOLDER: this.#folder, ...program.env };
  }

  async start(): Promise<void> {
    const { command, args } = this.#program;
    const child = spawn(command, args, { cwd: this.#cwd, env: this.#env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    for await (const line of createInterface({ input: child.stdout })) {
      const [, port] = /^port (\d+)$/.exec(line) ?? [];
      if (port === undefined) continue;
      this.#port = port;
      child.stdout.resume();
      return;
    }
    throw new Error(`${command} ${args.join(' ')} ended before it listened.`);
  }

  async ended(): Promise<void> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  order(key: string, order: Order): Promise<Response> {
    const headers = { 'Idempotency-Key': `"${key}"`, 'Content-Type': 'application/json', 'X-Account': 'books' };
    return fetch(`http://127.0.0.1:${this.#port}/orders`, { method: 'POST', headers, body: JSON.stringify(order) });
  }

  charges(item: string): number {
    const file = join(this.#folder, 'charges');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    return lines.filter((line) => line === item).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.ended();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function shown(response: Response): Promise<string> {
  await response.text();
  const isReplay = response.headers.get('idempotent-replayed') === 'true';
  return isReplay ? `${response.status}, replayed` : String(response.status);
}

/** A client's retry, which waits while another attempt may still run. */
async function retried(shop: Shop, key: string, order: Order): Promise<Response> {
  const giveUpAt = Date.now() + patience(graceMs);
  for (;;) {
    const response = await shop.order(key, order);
    if (response.status !== 409 || Date.now() > giveUpAt) return response;
    await response.text();
    await pause(200);
  }
}

/** Runs and tests the program. */
export async function answersOf(program: Program, cwd: string, storeUrl: (folder: string) => string): Promise<Answers> {
  await using shop = new Shop(program, cwd, storeUrl);
  await shop.start();
  const [key, another] = [randomUUID(), randomUUID()];
  const first = await shown(await shop.order(key, { item: 'cup' }));
  const replay = await shown(await shop.order(key, { item: 'cup' }));
  const mismatch = await shown(await shop.order(key, { item: 'saucer' }));
  const chargesOfFirst = shop.charges('cup') + shop.charges('saucer');
  await shop.order(another, { item: 'pot', dies: true }).then(
    () => Promise.reject(new Error('The process should have died before it answered.')),
    () => {},
  );
  await shop.ended();
  await shop.start();
  const retry = await shown(await retried(shop, another, { item: 'pot', dies: true }));
  return {
    first,
    replay: `${replay}, ${charged(chargesOfFirst)}`,
    mismatch,
    retryAfterCrash: `${retry}, ${charged(shop.charges('pot'))}`,
  };
}

function charged(times: number): string {
  return times === 1 ? 'one charge' : `${times} charges`;
}
