import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

/** Where the modules of a release are, and how their names end. */
export interface Release {
  readonly root: string;
  readonly ending: 'js' | 'ts';
}

/** The code of this repository. */
export const present: Release = { root: fileURLToPath(new URL('../../src', import.meta.url)), ending: 'ts' };

/** The release before, unpacked; `remove` when it is needed no more. */
export async function unpackFormer(): Promise<{ readonly former: Release; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-former-'));
  const archive = fileURLToPath(new URL('former-release.tgz', import.meta.url));
  await promisify(execFile)('tar', ['-xzf', archive, '-C', folder]);
  const former = { root: join(folder, 'latchkey'), ending: 'js' } as const;
  return { former, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Loads a store's module of a release. What it exports is what the present one does, as far as the tests use it. */
export async function storeModule<Module>({ root, ending }: Release, name: string): Promise<Module> {
  return import(/* @vite-ignore */ pathToFileURL(join(root, 'stores', name, `index.${ending}`)).href);
}
