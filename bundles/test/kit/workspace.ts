/**
 * A folder in which the library is installed as published. The other packages are in this project's node_modules above
 * it.
 *
 * @module
 */

import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const project = fileURLToPath(new URL('../..', import.meta.url));

/** Where this project's packages are. */
export const packages = join(project, 'node_modules');

/** A folder with the packed library and copies of some applications, which is removed at the end of the block. */
export interface Workspace extends Disposable {
  readonly folder: string;
}

/** The content and place of a workspace. */
export interface WorkspaceOptions {
  /** Folders of `apps`. */
  readonly apps: readonly string[];
  /** The parent folder. Default: this project, whose packages it then uses. */
  readonly parent?: string;
}

/** Packs the library, and installs it with copies of some applications. */
export async function workspaceWith(options: WorkspaceOptions): Promise<Workspace> {
  const { apps, parent = join(project, '.work') } = options;
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'run-'));
  const library = join(project, '../packages/latchkey');
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: library });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'nothing was packed';
  mkdirSync(join(folder, 'node_modules'));
  await run('tar', ['xzf', tarball, '-C', 'node_modules'], { cwd: folder });
  renameSync(join(folder, 'node_modules/package'), join(folder, 'node_modules/latchkey'));
  for (const app of apps) cpSync(join(project, 'apps', app), join(folder, app), { recursive: true });
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The output of a program. */
export interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** The options of running a program. */
export interface Settings {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program of a package on the tests' Node. */
export function runTool(script: string, args: readonly string[], settings: Settings): Promise<Outcome> {
  return runProgram(process.execPath, [join(packages, script), ...args], settings);
}

/** Runs a program of a package that must succeed. */
export async function build(script: string, args: readonly string[], settings: Settings): Promise<void> {
  const { code, output } = await runTool(script, args, settings);
  if (code !== 0) throw new Error(`${script} ${args.join(' ')} ended with ${code}:\n${output}`);
}

/** Runs a program to its end. */
export async function runProgram(program: string, args: readonly string[], { cwd, env }: Settings): Promise<Outcome> {
  const PATH = `${dirname(process.execPath)}:${process.env['PATH']}`;
  const options = { cwd, env: { ...process.env, PATH, ...env }, maxBuffer: 64 * 1024 * 1024 };
  try {
    const { stdout, stderr } = await run(program, [...args], options);
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = Object(error);
    return { code: typeof code === 'number' ? code : 1, output: `${stdout}${stderr}` };
  }
}
