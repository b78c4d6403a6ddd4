import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { capture, Refusal } from '../../prepare/process.mjs';
import { node24, root } from '../../prepare/root.mjs';

/** The used members of `package.json`. */
export interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly typesVersions: { readonly '*': Readonly<Record<string, readonly string[]>> };
  readonly [field: string]: unknown;
}

/** The packages that an entry imports at run time, which an application that uses the entry has. */
const runtimePeers = ['@nestjs/common', '@nestjs/core', '@opentelemetry/api', 'reflect-metadata', 'rxjs'];

/** A folder in which only the packed package, and the packages that its entries import, are installed. */
export interface Installed {
  readonly folder: string;
  readonly tarball: string;
  readonly manifest: Manifest;
  /** The paths in the package. */
  readonly files: readonly string[];
  /** The import paths: `latchkey`, `latchkey/memory` and so on. */
  readonly specifiers: readonly string[];
  /** The size of the package. */
  readonly summary: string;
}

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

async function npm(args: readonly string[], cwd: string): Promise<string> {
  const { ok, output } = await capture('npm', args, { cwd });
  if (!ok) throw new Refusal(`npm ${args.join(' ')}:\n${output}`);
  return output;
}

/** What `prepack` does, which is called here since its output would be among that of npm. */
async function copyDocs(): Promise<void> {
  const { ok, output } = await capture(node24, ['scripts/copy-docs.mjs'], { cwd: `${root}/packages/latchkey` });
  if (!ok) throw new Refusal(output);
}

/** Packs a package of this repository into a folder. */
export async function pack(name: string, folder: string): Promise<Packed> {
  if (name === 'latchkey') await copyDocs();
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const printed: unknown = JSON.parse(await npm(args, `${root}/packages/${name}`));
  // An array until npm 11, an object by package name since.
  const [packed] = Object.values(printed as Readonly<Record<string, Packed>>);
  if (packed === undefined) throw new Refusal('npm pack made nothing');
  return packed;
}

/** They import their framework, which is not installed here; `bundles/test/next.test.ts` loads them in it. */
const entriesOfFrameworks: ReadonlySet<string> = new Set(['./next']);

function specifiersOf(manifest: Manifest): string[] {
  const subpaths = Object.keys(manifest.exports).filter((subpath) => !subpath.endsWith('.json'));
  return subpaths
    .filter((subpath) => !entriesOfFrameworks.has(subpath))
    .map((subpath) => manifest.name + subpath.slice(1));
}

/** Makes a package of this repository visible to a consumer. @param owner - the folder that has it. */
export function bring(name: string, consumer: string, owner: string = root): void {
  const link = join(consumer, 'node_modules', name);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(join(owner, 'node_modules', name), link);
}

/** Packs the library and installs the tarball offline in a new temporary folder. */
export async function installPacked(): Promise<Installed> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-package-'));
  const packed = await pack('latchkey', folder);
  const consumer = join(folder, 'consumer');
  mkdirSync(consumer);
  writeFileSync(join(consumer, 'package.json'), '{ "private": true }');
  const tarball = join(folder, packed.filename);
  await npm(['install', '--offline', '--no-audit', '--no-fund', tarball], consumer);
  for (const name of runtimePeers) bring(name, consumer);
  const manifest = JSON.parse(readFileSync(join(consumer, 'node_modules/latchkey/package.json'), 'utf8')) as Manifest;
  return {
    folder,
    tarball,
    manifest,
    files: packed.files.map(({ path }) => path),
    specifiers: specifiersOf(manifest),
    summary: `${kilobytes(packed.size)} packed, ${kilobytes(packed.unpackedSize)} unpacked, ${packed.files.length} files`,
  };
}

const kilobytes = (bytes: number): string => `${Math.ceil(bytes / 1000)} kB`;

/** The folder of a consumer's files. */
export const consumerOf = ({ folder }: Installed): string => join(folder, 'consumer');
