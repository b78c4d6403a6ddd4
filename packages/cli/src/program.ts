/**
 * The program: its commands and how it ends.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import addCompletion from '@bomb.sh/tab/commander';
import { Command, CommanderError } from 'commander';
import { addDoctor } from './commands/doctor.ts';
import { addErase } from './commands/erase.ts';
import { addList } from './commands/list.ts';
import { addMigrate } from './commands/migrate.ts';
import { addResolve } from './commands/resolve.ts';
import { addShow } from './commands/show.ts';
import { addSweep } from './commands/sweep.ts';
import { addConformance } from './conformance/command.ts';
import { report } from './failure.ts';
import { type ExitCode, exitCodes, type Invocation } from './invocation.ts';
import { printableLines, withoutCredentials } from './terminal/text.ts';

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return (manifest as { readonly version: string }).version;
}

const exitCodeHelp = `
Exit codes: 0 done; 1 found something, or no such record; 2 wrong use; 3 the store is
unreachable; 4 the record has changed.`;

/** Creates the program with all its commands. Each command's action sets `invocation.exitCode`. */
function createProgram(invocation: Invocation): Command {
  const program = new Command('latchkey')
    .description('Finds operations whose outcome is unknown, and resolves them.')
    .version(version())
    .addHelpText('after', exitCodeHelp)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => invocation.stdout.write(text),
      writeErr: (text) => invocation.stderr.write(printableLines(withoutCredentials(text))),
    });
  for (const add of [addList, addShow, addResolve, addErase, addSweep, addMigrate, addDoctor]) add(program, invocation);
  addConformance(program, invocation);
  // It reads the commands that exist, so it comes last.
  addCompletion(program, { completionCommandName: 'completion' });
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
    return report(error, invocation);
  }
}
