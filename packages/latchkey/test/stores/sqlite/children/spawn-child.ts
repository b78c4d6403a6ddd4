import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** A script of this folder, run by the tests' Node. */
export function spawnChild(script: string, args: readonly string[]): ChildProcessByStdio<Writable, Readable, null> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const flags = ['--experimental-strip-types', '--no-warnings'];
  return spawn(process.execPath, [...flags, path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}

/** The whole output of a process, which must succeed. */
export async function outputOf(child: ReturnType<typeof spawnChild>): Promise<string> {
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let output = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) output += String(chunk);
  const code = await ended;
  if (code !== 0) throw new Error(`The child process ended with ${code}.`);
  return output;
}
