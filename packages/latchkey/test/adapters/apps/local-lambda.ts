/** Runs a function in a process as Lambda does: frozen between events, and killed at its timeout. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LambdaEvent, LambdaResult } from '../../../src/adapters/lambda.ts';

const program = fileURLToPath(new URL('../children/lambda-function.ts', import.meta.url));

/** The settings of the function. */
export interface FunctionSettings {
  readonly storeUrl: string;
  readonly leaseMs: number;
  /** The file in which it notes its effects. */
  readonly effects: string;
  /** The file whose existence ends a handler that hangs. */
  readonly released: string;
}

/** An event for the function, and the time since the epoch at which the process is killed. */
export interface Invoked {
  readonly event: LambdaEvent;
  readonly endsAt: number;
}

/** One execution environment. */
export class Container {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  static async start(settings: FunctionSettings): Promise<Container> {
    const env = { ...process.env, FUNCTION: JSON.stringify(settings) };
    const child = fork(program, { env, execArgv: ['--experimental-strip-types', '--no-warnings'] });
    await once(child, 'message');
    return new Container(child);
  }

  /** Returns the function's result, or `timed out`. The process is frozen after a result, and killed at the timeout. */
  async invoke(event: LambdaEvent, timeoutMs = 30_000): Promise<LambdaResult | 'timed out'> {
    this.thaw();
    const timeout = setTimeout(() => this.#process.kill('SIGKILL'), timeoutMs);
    this.#process.send({ event, endsAt: Date.now() + timeoutMs } satisfies Invoked);
    const [result] = await Promise.race([once(this.#process, 'message'), once(this.#process, 'exit')]);
    clearTimeout(timeout);
    if (typeof result !== 'object' || result === null) return 'timed out';
    this.freeze();
    return result as LambdaResult;
  }

  freeze(): void {
    this.#process.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }
}
