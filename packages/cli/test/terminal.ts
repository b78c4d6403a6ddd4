/** Runs the built command line on a pseudo-terminal, made by `script`. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** A question that the command asks, and the answer that is typed. */
export type Exchange = readonly [question: string, answer: string];

/** What a terminal showed, and the exit code of the command. */
export interface Shown {
  readonly code: number;
  /** With the escape sequences. */
  readonly raw: string;
  /** Without them. */
  readonly text: string;
}

/** A folder with the command `latchkey`, as npm links it, and the PATH to it and to this Node. */
export async function installedCommand() {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-cli-'));
  await chmod(main, 0o755);
  await symlink(main, join(folder, 'latchkey'));
  const path = [folder, dirname(process.execPath), process.env['PATH']].join(delimiter);
  return { folder, path, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Types a command line into a terminal of 100 columns, answers its questions, and waits for its end. */
export async function onTerminal(
  commandLine: string,
  env: NodeJS.ProcessEnv,
  exchanges: readonly Exchange[] = [],
): Promise<Shown> {
  // Node leaves colours out where CI is set.
  const { CI: _, NO_COLOR: __, NODE_DISABLE_COLORS: ___, FORCE_COLOR: ____, ...others } = process.env;
  const script = spawn('script', ['-qec', `stty cols 100 rows 40; exec ${commandLine}`, '/dev/null'], {
    env: { ...others, TERM: 'xterm-256color', SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let raw = '';
  const open = [...exchanges];
  script.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    raw += chunk;
    const [question, answer] = open[0] ?? [];
    if (question === undefined || !raw.includes(question)) return;
    open.shift();
    script.stdin.write(`${answer}\r`);
  });
  const [code] = await once(script, 'close');
  if (open.length > 0) throw new Error(`It did not ask ${open[0]?.[0]}, and showed: ${raw}`);
  return { code, raw, text: textOf(raw) };
}

/** What stays on the screen: without escape sequences, and without lines that were erased. */
function textOf(raw: string): string {
  // biome-ignore-start lint/suspicious/noControlCharactersInRegex: these are the terminal's sequences.
  const kept = raw.replaceAll(/[^\n]*\r\u001b\[K/g, '').replaceAll(/\u001b\[[\d;?]*[A-Za-z]/g, '');
  // biome-ignore-end lint/suspicious/noControlCharactersInRegex: as above.
  return kept.replaceAll('\r', '');
}
