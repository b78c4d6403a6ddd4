import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Kind } from './places.ts';

/** The folder of a release's modules, and their file ending. */
export interface Release {
  readonly root: string;
  readonly ending: 'js' | 'ts';
}

/** The code of this repository. */
export const present: Release = { root: fileURLToPath(new URL('../../src', import.meta.url)), ending: 'ts' };

/** What the present code can do and a former release may not be able to do. */
export type Ability =
  /** Reads and writes records with a saved request (format 2). */
  | 'saved requests'
  /** Knows when the lease of a first attempt on Redis ends; `SET` writes it in another form than the scripts do. */
  | 'first leases on Redis'
  /** Has an outbox, on the stores with transactions. */
  | 'outbox'
  /** Has the tables of the present code, which needs no migration after this release. */
  | 'present tables';

/** A former release: the archive `former-<commit>.tgz`. */
export interface FormerRelease {
  readonly commit: string;
  readonly lacks: readonly Ability[];
}

/** The releases that the present code is run beside. */
export const formerReleases: readonly FormerRelease[] = [
  { commit: 'b0f47a9', lacks: ['saved requests', 'first leases on Redis', 'outbox', 'present tables'] },
  { commit: 'fa07599', lacks: [] },
];

/** The stores whose tables a migration creates. */
const migrated: readonly Kind[] = ['postgres', 'mariadb'];

/** Whether a release has an ability on this kind of store, or does not need it there. */
export function isAble({ lacks }: FormerRelease, ability: Ability | undefined, kind: Kind): boolean {
  if (ability === undefined || !lacks.includes(ability)) return true;
  if (ability === 'first leases on Redis') return kind !== 'redis';
  return ability === 'present tables' && !migrated.includes(kind);
}

/** The former releases, unpacked; call `remove` at the end. */
export interface Unpacked {
  of(former: FormerRelease): Release;
  remove(): Promise<void>;
}

export async function unpackFormerReleases(): Promise<Unpacked> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-former-'));
  for (const { commit } of formerReleases) {
    const archive = fileURLToPath(new URL(`former-${commit}.tgz`, import.meta.url));
    await mkdir(join(folder, commit));
    await promisify(execFile)('tar', ['-xzf', archive, '-C', join(folder, commit)]);
  }
  return {
    of: ({ commit }) => ({ root: join(folder, commit, 'latchkey'), ending: 'js' }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Loads a store's module of a release. The tests only use exports that the present release has too. */
export async function storeModule<Module>({ root, ending }: Release, name: string): Promise<Module> {
  return import(/* @vite-ignore */ pathToFileURL(join(root, 'stores', name, `index.${ending}`)).href);
}
