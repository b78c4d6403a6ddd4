import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { until } from '../../../packages/latchkey/test/servers/redis-server.ts';

/** A program that listens on a port. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly port: number;
  readonly env?: NodeJS.ProcessEnv;
}

/** A running program and its output. */
export interface RunningProgram extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly output: () => string;
}

/** Starts a program in a separate process group, and waits until it answers any request. */
export async function startProgram({ command, args, cwd, port, env }: Program): Promise<RunningProgram> {
  const PATH = `${dirname(process.execPath)}:${process.env['PATH']}`;
  const child = spawn(command, args, { cwd, env: { ...process.env, PATH, ...env }, detached: true });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => printed.push(text));
  const output = () => printed.join('');
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    process.kill(-child.pid, 'SIGKILL');
    await once(child, 'exit');
  };
  try {
    await until(`${command} on port ${port}`, async () => {
      if (child.exitCode !== null) throw new Error('It has ended.');
      return fetch(`http://127.0.0.1:${port}/`).then(() => true);
    });
  } catch (error) {
    await stop();
    throw new Error(`${command} did not start: ${output()}`, { cause: error });
  }
  return { process: child, output, [Symbol.asyncDispose]: stop };
}

/** Sends an order, and returns the whole answer in one line. */
export async function order(port: number, key: string, item: string, path = '/orders'): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': `"${key}"`, 'X-Account': 'shop' },
    body: JSON.stringify({ item }),
  });
  const replayed = response.headers.get('idempotent-replayed') === 'true' ? ', replayed' : '';
  return `${response.status} ${await response.text()}${replayed}`;
}
