/**
 * The program: its commands and how it ends.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addConformance } from './conformance/command.ts';
import { type ExitCode, exitCodes, type Invocation } from './invocation.ts';

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return (manifest as { readonly version: string }).version;
}

/** Creates the program with all its commands. Each command's action sets `invocation.exitCode`. */
function createProgram(invocation: Invocation): Command {
  const program = new Command('latchkey')
    .description('Finds operations whose outcome is unknown, and resolves them.')
    .version(version())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => invocation.stdout.write(text),
      writeErr: (text) => invocation.stderr.write(text),
    });
  addConformance(program, invocation);
  return program;
}

/**
 * Runs one command.
 *
 * @param args - the arguments after the program's name.
 */
export async function run(args: readonly string[], invocation: Invocation): Promise<ExitCode> {
  try {
    await createProgram(invocation).parseAsync(args, { from: 'user' });
    return invocation.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    throw error;
  }
}
