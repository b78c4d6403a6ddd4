/** Runs the command line in this process. */

import { PassThrough } from 'node:stream';
import { exitCodes, type Invocation } from '../src/invocation.ts';
import { run } from '../src/program.ts';

/** What a command printed, and its exit code. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command is given besides its arguments. */
export interface Given {
  readonly env?: Invocation['env'];
  readonly stdin?: string;
}

/** Runs a command whose streams are no terminals. */
export async function runCli(args: readonly string[], { env = {}, stdin = '' }: Given = {}): Promise<Ended> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const input = new PassThrough();
  input.end(stdin);
  const code = await run(args, { stdin: input, stdout, stderr, env, now: Date.now, exitCode: exitCodes.done });
  return { code, stdout: textIn(stdout), stderr: textIn(stderr) };
}

function textIn(stream: PassThrough): string {
  return String(stream.read() ?? '');
}
