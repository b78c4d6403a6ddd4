/** The shop's worker processes: killed at random, restarted, and called in turn. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { freePort } from '../servers/free-port.ts';

const program = fileURLToPath(new URL('children/order-server.ts', import.meta.url));

class Worker {
  readonly port: number;
  readonly #arguments: readonly string[];
  #child: ChildProcess | undefined;

  constructor(port: number, store: string, place: string, provider: string) {
    this.port = port;
    this.#arguments = [program, store, place, String(port), provider];
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, this.#arguments, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    const lines = createInterface(child.stdout as Readable);
    await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => Promise.reject(new Error('it ended')))]);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
}

/** All workers of one shop. */
export class Workers {
  readonly #workers: readonly Worker[];
  readonly #fraction: () => number;

  private constructor(workers: readonly Worker[], fraction: () => number) {
    this.#workers = workers;
    this.#fraction = fraction;
  }

  static async start(
    count: number,
    fraction: () => number,
    ...[store, place, provider]: readonly [store: string, place: string, provider: string]
  ): Promise<Workers> {
    const ports = await Promise.all(Array.from({ length: count }, freePort));
    const workers = ports.map((port) => new Worker(port, store, place, provider));
    await Promise.all(workers.map((worker) => worker.start()));
    return new Workers(workers, fraction);
  }

  /** Sends a request to any of them. */
  readonly fetch = (_url: string | URL | Request, init?: RequestInit): Promise<Response> =>
    fetch(`http://127.0.0.1:${this.#any().port}/orders`, init);

  async killOne(): Promise<void> {
    const worker = this.#any();
    await worker.kill();
    await worker.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()));
  }

  #any(): Worker {
    const worker = this.#workers[Math.floor(this.#fraction() * this.#workers.length)];
    if (worker === undefined) throw new Error('there are no workers');
    return worker;
  }
}
