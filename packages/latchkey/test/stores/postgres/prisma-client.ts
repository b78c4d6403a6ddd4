/**
 * Prisma's command and its dependencies take 300 MB, and its install scripts fetch programs from elsewhere. So it is
 * installed separately, only from the registry and without those scripts, when its test first runs.
 */

import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const folder = fileURLToPath(new URL('prisma', import.meta.url));
const stamp = join(folder, 'generated', 'made-from');
const compiler = fileURLToPath(new URL('../../../../../node_modules/typescript/bin/tsc', import.meta.url));

async function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  try {
    await promisify(execFile)(command, args, { cwd: folder, env: { ...process.env, ...env } });
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')} failed: ${Reflect.get(Object(error), 'stdout')}`, { cause: error });
  }
}

function sources(): string {
  return ['package-lock.json', 'schema.prisma'].map((file) => readFileSync(join(folder, file), 'utf8')).join('\0');
}

/** Installs Prisma and generates its client, if that is not done yet. */
export async function preparePrisma(): Promise<void> {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources()) return;
  await run('npm', ['ci', '--no-progress']);
  // Generating needs no schema engine; a path to any program keeps Prisma from fetching one.
  const env = { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath };
  await run(process.execPath, [join(folder, 'node_modules/prisma/build/index.js'), 'generate'], env);
  writeFileSync(stamp, sources());
}

/** Checks the types of the case against those of the generated client. */
export function checkPrismaTypes(): Promise<void> {
  return run(process.execPath, [compiler, '-p', folder]);
}
