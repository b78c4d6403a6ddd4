import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';

/**
 * Runs a command without showing its output.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<{ ok: boolean, output: string }>} both streams in one text, in order of arrival
 */
export function capture(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    /** @type {string[]} */
    const chunks = [];
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text) => chunks.push(text));
    child.on('error', (error) => resolve({ ok: false, output: String(error) }));
    child.on('close', (code) => resolve({ ok: code === 0, output: chunks.join('') }));
  });
}

/**
 * Runs one command quietly: prints one line with its title, and its whole output if it fails.
 *
 * @param {string} title
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 */
export async function quietly(title, command, args, options) {
  const start = performance.now();
  process.stdout.write(`${title} … `);
  const { ok, output } = await capture(command, args, options);
  process.stdout.write(`${ok ? 'done' : 'failed'} (${seconds(performance.now() - start)})\n`);
  if (ok) return output;
  process.stdout.write(output);
  throw new Refusal(`Failed: ${[command, ...args].join(' ')}`);
}

/** An error whose message is sufficient, so that no stack trace is printed. */
export class Refusal extends Error {}

/** @param {number} ms */
export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/**
 * Runs a script's main function; its exit code is the number that it returns.
 *
 * @param {() => Promise<number | void>} main
 */
export async function runScript(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    console.error(error instanceof Refusal ? error.message : error);
    process.exitCode = 1;
  }
}
