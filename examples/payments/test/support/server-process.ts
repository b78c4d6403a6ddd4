import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../../../packages/latchkey/test/servers/free-port.ts';

const programs = {
  server: fileURLToPath(new URL('../../src/server.ts', import.meta.url)),
  supervisor: fileURLToPath(new URL('../../src/main.ts', import.meta.url)),
};

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The payments example as a real process with a fixed port and folder. */
export class ServerProcess {
  readonly port: number;
  readonly dataFolder: string;
  readonly #command: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  #errors = '';

  private constructor(command: readonly string[], port: number, dataFolder: string, environment: NodeJS.ProcessEnv) {
    this.#command = command;
    this.port = port;
    this.dataFolder = dataFolder;
    this.#environment = environment;
  }

  /** Starts it in a new folder. */
  static async start(
    program: keyof typeof programs = 'server',
    nodeOptions: readonly string[] = [],
    environment: NodeJS.ProcessEnv = {},
  ): Promise<ServerProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-payments-'));
    const server = new ServerProcess([...nodeOptions, programs[program]], await freePort(), folder, environment);
    await server.restart();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#running().pid ?? 0;
  }

  /** The process's standard error. */
  get errors(): string {
    return this.#errors;
  }

  /** Restarts it and waits until it listens. */
  async restart(): Promise<void> {
    const place = { PORT: String(this.port), LATCHKEY_DATA: this.dataFolder };
    const env = { ...process.env, ...this.#environment, ...place };
    const child = spawn(process.execPath, this.#command, { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    this.#child = child;
    const lines = createInterface(child.stdout as Readable);
    const [line] = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [undefined])]);
    if (line === undefined) throw new Error(`The server did not start: ${this.#errors}`);
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<Ending> {
    const child = this.#running();
    const exit = once(child, 'exit');
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await exit;
    }
    return { code: child.exitCode, signal: child.signalCode };
  }

  /** Ends it and removes its folder. */
  async remove(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.dataFolder, { recursive: true, force: true });
  }

  #running(): ChildProcess {
    if (this.#child === undefined) throw new Error('The server was never started');
    return this.#child;
  }
}
