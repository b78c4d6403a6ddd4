import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

/** The folder of a release's modules, and their file ending. */
export interface Release {
  readonly root: string;
  readonly ending: 'js' | 'ts';
}

/** The code of this repository. */
export const present: Release = { root: fileURLToPath(new URL('../../src', import.meta.url)), ending: 'ts' };

/** The former release, unpacked; call `remove` at the end. */
export async function unpackFormer(): Promise<{ readonly former: Release; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-former-'));
  const archive = fileURLToPath(new URL('former-release.tgz', import.meta.url));
  await promisify(execFile)('tar', ['-xzf', archive, '-C', folder]);
  const former = { root: join(folder, 'latchkey'), ending: 'js' } as const;
  return { former, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Loads a store's module of a release. The tests only use exports that the present release has too. */
export async function storeModule<Module>({ root, ending }: Release, name: string): Promise<Module> {
  return import(/* @vite-ignore */ pathToFileURL(join(root, 'stores', name, `index.${ending}`)).href);
}
