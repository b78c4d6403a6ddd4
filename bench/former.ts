/** The library at an earlier commit, built and packed once, to be compared with the current code. */

import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { quietly } from '../scripts/prepare/process.mjs';
import { node24, root } from '../scripts/prepare/root.mjs';

/** The code before the request path was rewritten. */
const formerCommit = 'fa07599';

/** @returns a folder in which `latchkey` is the former code, as it would be published */
export async function formerFolder(): Promise<string> {
  const folder = join(root, 'node_modules', `.latchkey-${formerCommit}`);
  if (existsSync(folder)) return folder;
  // Next to the packages, so that the compiler finds the types of the frameworks.
  const workshop = mkdtempSync(join(root, 'node_modules', '.former-'));
  try {
    renameSync(await packInto(workshop), folder);
  } finally {
    rmSync(workshop, { recursive: true });
  }
  return folder;
}

async function packInto(workshop: string): Promise<string> {
  const archive = join(workshop, 'code.tar');
  const parts = ['packages/latchkey', 'tsconfig.base.json'];
  await quietly(`Reading ${formerCommit}`, 'git', ['archive', `--output=${archive}`, formerCommit, ...parts], {
    cwd: root,
  });
  await quietly('Unpacking it', 'tar', ['-xf', archive], { cwd: workshop });
  symlinkSync(join(root, 'node_modules'), join(workshop, 'node_modules'));
  const library = join(workshop, 'packages/latchkey');
  await quietly('Compiling it', node24, [join(root, 'node_modules/typescript/bin/tsc'), '-p', library]);
  await quietly('Copying its scripts', node24, [join(library, 'scripts/copy-assets.mjs')]);
  await quietly('Packing it', 'npm', ['pack', '--ignore-scripts', '--pack-destination', workshop], { cwd: library });
  const tarball = readdirSync(workshop).find((name) => name.endsWith('.tgz')) ?? 'nothing was packed';
  const made = join(workshop, 'made');
  mkdirSync(join(made, 'node_modules'), { recursive: true });
  await quietly('Installing it', 'tar', ['-xzf', join(workshop, tarball)], { cwd: made });
  cpSync(join(made, 'package'), join(made, 'node_modules/latchkey'), { recursive: true });
  rmSync(join(made, 'package'), { recursive: true });
  return made;
}
