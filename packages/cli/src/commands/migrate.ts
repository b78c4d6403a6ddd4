/**
 * `latchkey migrate`: the tables of a store.
 *
 * @module
 */

import type { Command } from 'commander';
import { migrateFromUrl, migrationsFromUrl } from 'latchkey/store-from-url';
import { isAllowed } from '../change.ts';
import { type ExitCode, exitCodes, type Invocation } from '../invocation.ts';
import { addChangeOptions, addStoreOptions, type ChangeFlags, type StoreFlags } from '../options.ts';
import { storeUrl } from '../store.ts';
import { note, print, printJson } from '../terminal/print.ts';

interface MigrateFlags extends StoreFlags, ChangeFlags {
  readonly apply?: boolean;
}

/** Adds the command. */
export function addMigrate(program: Command, invocation: Invocation): void {
  const command = program
    .command('migrate')
    .description('Print the SQL of the tables, or apply what is missing.')
    .option('--apply', 'apply it; the user of the URL will own the tables');
  addStoreOptions(addChangeOptions(command)).action(async (flags: MigrateFlags) => {
    invocation.exitCode = await migrate(invocation, flags);
  });
}

async function migrate(invocation: Invocation, flags: MigrateFlags): Promise<ExitCode> {
  const url = storeUrl(invocation, flags);
  const migrations = await migrationsFromUrl(url);
  if (migrations.length === 0) note(invocation, 'This store has no tables.');
  if (flags.apply !== true) {
    if (flags.json === true) printJson(invocation, { migrations });
    else if (migrations.length > 0)
      print(
        invocation,
        migrations.map(({ name, sql }) => `-- ${name}\n${sql.trimEnd()}\n`),
      );
    return exitCodes.done;
  }
  if (migrations.length > 0) {
    if (!(await isAllowed(invocation, flags, 'Create the missing tables?'))) return exitCodes.found;
    await migrateFromUrl(url);
  }
  if (flags.json === true) printJson(invocation, { newest: migrations.at(-1)?.name });
  else if (migrations.length > 0) print(invocation, [`The tables are those of ${migrations.at(-1)?.name}.`]);
  return exitCodes.done;
}
