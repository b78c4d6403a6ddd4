/** One server process, and its possible disturbances. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { fileURLToPath } from 'node:url';
import { type ChildSettings, settingsVariable } from '../children/settings.ts';
import { machineTime, type ProcessEvent } from '../history/events.ts';
import type { WriteLine } from '../history/log.ts';

const program = fileURLToPath(new URL('../children/server.ts', import.meta.url));

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
  readonly agent: Agent;
}

/**
 * A process with postgres.js 3.4 may crash when the server ends, by an error that no caller can catch: postgres.js
 * writes to a connection that has just ended (its issue 1208), and does not handle the rejection of its own first query
 * (1192, 1223). The process is restarted, as by a supervisor.
 */
const knownCrashes = [
  /postgres\/src\/connection\.js[\s\S]*nextWrite/,
  /fromPromise[\s\S]*PostgresError[\s\S]*postgres\/src\/connection\.js[\s\S]*severity: 'FATAL'/,
];

export class Worker {
  readonly index: number;
  /** Its output when it crashed for an unknown reason. */
  readonly crashes: string[] = [];
  readonly #settings: ChildSettings;
  readonly #log: WriteLine;
  #running: Running | undefined;

  constructor(settings: ChildSettings, log: WriteLine) {
    this.index = settings.worker;
    this.#settings = settings;
    this.#log = log;
  }

  /** Its address; undefined while it is down. */
  get address(): Pick<Running, 'port' | 'agent'> | undefined {
    return this.#running;
  }

  async start(): Promise<void> {
    const args = ['--experimental-strip-types', '--no-warnings', program];
    const child = spawn(process.execPath, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, [settingsVariable]: JSON.stringify(this.#settings) },
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      said = (said + String(chunk)).slice(-5_000);
    });
    const port = await portOf(child, () => said);
    const running = { child, port, agent: new Agent({ keepAlive: true, maxSockets: 500 }) };
    this.#running = running;
    child.on('close', () => {
      if (this.#running === running) void this.#revive(said);
    });
  }

  /** Kills it, as a crash or the kernel's out-of-memory killer does. */
  async kill(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    const ended = once(running.child, 'exit');
    this.#running = undefined;
    running.child.kill('SIGKILL');
    await ended;
    this.#tell('killed');
    running.agent.destroy();
  }

  freeze(): void {
    this.#running?.child.kill('SIGSTOP');
    this.#tell('frozen');
  }

  continue(): void {
    this.#tell('continued');
    this.#running?.child.kill('SIGCONT');
  }

  async #revive(said: string): Promise<void> {
    this.#running = undefined;
    this.#tell('killed');
    if (!knownCrashes.some((crash) => crash.test(said))) this.crashes.push(said);
    await this.start();
  }

  #tell(type: ProcessEvent['type']): void {
    this.#log({ type, worker: this.index, at: machineTime() });
  }
}

async function portOf(child: ChildProcess, said: () => string): Promise<number> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    const [, port] = /listening (\d+)\n/.exec(text) ?? [];
    if (port !== undefined) return Number(port);
  }
  throw new Error(`A server process ended before it listened, with ${child.exitCode ?? child.signalCode}: ${said()}`);
}
