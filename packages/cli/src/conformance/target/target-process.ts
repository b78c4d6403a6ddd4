/**
 * The target as a process that the tester starts and kills.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { wrongUse } from '../../failure.ts';
import type { Runtime } from './wire.ts';

/** The commands, which the shell runs. */
export interface ProcessCommands {
  readonly start: string;
  /** Default: kills the process group of the start command. */
  readonly kill: string | undefined;
}

/** The target did not start, or did not end. */
export class TargetProcessError extends Error {}

const retryMs = 50;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Starts and kills the target. */
export class TargetProcess {
  readonly #commands: ProcessCommands;
  readonly #url: URL;
  readonly #runtime: Runtime;
  readonly #limitMs: number;
  #child: ChildProcess | undefined;

  /** @param limitMs - the longest time for a start or an end. */
  constructor(commands: ProcessCommands, url: URL, runtime: Runtime, limitMs: number) {
    this.#commands = commands;
    this.#url = url;
    this.#runtime = runtime;
    this.#limitMs = limitMs;
  }

  /** Kills the target for good. */
  async end(): Promise<void> {
    for (const signal of signals) process.off(signal, this.#interrupted);
    if (this.#child !== undefined) await this.kill();
  }

  /**
   * Starts the target and waits until it accepts connections.
   *
   * @throws Failure if another server already does
   */
  async start(): Promise<void> {
    if (await this.#listens())
      throw wrongUse(`A server already listens at ${this.#url.host}. Stop it: --start-command starts the target`);
    const child = spawn(this.#commands.start, { shell: true, detached: true, stdio: 'ignore' });
    this.#child = child;
    for (const signal of signals) process.off(signal, this.#interrupted).once(signal, this.#interrupted);
    await this.#until(() => this.#listens(), 'The target does not accept connections. Check --start-command.');
  }

  /** Kills the target and waits until it accepts no connection. */
  async kill(): Promise<void> {
    const { kill } = this.#commands;
    if (kill === undefined) this.#killGroup();
    else await once(spawn(kill, { shell: true, stdio: 'ignore' }), 'exit');
    await this.#until(async () => !(await this.#listens()), 'The target still runs. Check --kill-command.');
  }

  /** The target has a process group of its own, which Ctrl-C at a terminal does not reach. */
  readonly #interrupted = (signal: NodeJS.Signals): void => {
    this.#killGroup();
    process.kill(process.pid, signal);
  };

  #killGroup(): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch (error) {
      if (Reflect.get(Object(error), 'code') !== 'ESRCH') throw error;
    }
  }

  async #until(holds: () => Promise<boolean>, message: string): Promise<void> {
    const giveUpAt = this.#runtime.monotonic() + this.#limitMs;
    while (!(await holds())) {
      if (this.#runtime.monotonic() > giveUpAt) throw new TargetProcessError(message);
      await this.#runtime.sleep(retryMs);
    }
  }

  /** Whether a server listens at the URL. */
  #listens(): Promise<boolean> {
    const { hostname, port, protocol } = this.#url;
    return new Promise((resolve) => {
      const socket = connect(Number(port || (protocol === 'https:' ? 443 : 80)), hostname.replaceAll(/[[\]]/g, ''));
      const end = (listens: boolean) => {
        socket.destroy();
        resolve(listens);
      };
      socket.once('connect', () => end(true)).once('error', () => end(false));
    });
  }
}
