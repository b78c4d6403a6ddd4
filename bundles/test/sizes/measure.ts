/**
 * The sizes of the library's parts in an application's bundle: by esbuild, minified, then compressed by gzip. Parts
 * that an entry loads on first use with `import()` are counted separately.
 *
 * @module
 */

import { relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Metafile, type OutputFile, stop } from 'esbuild';
import { type Workspace, workspaceWith } from '../kit/workspace.ts';

/** In kilobytes of 1,000 bytes. */
export interface SizeLimit {
  /** The present limit, which may be lowered but never raised. */
  readonly ceiling: number;
  /** The target. */
  readonly goal: number;
  readonly platform: 'browser' | 'node';
}

/** The measured entries. */
export const sizeLimits: Readonly<Record<string, SizeLimit>> = {
  'latchkey/fetch': { ceiling: 34.2, goal: 20, platform: 'node' },
  'latchkey/client': { ceiling: 9.15, goal: 6, platform: 'browser' },
  'latchkey/redis': { ceiling: 11.95, goal: 9, platform: 'node' },
};

/** One file of the library, and its bytes in the bundle before compression. */
export interface Part {
  readonly file: string;
  readonly bytes: number;
}

/** The size of one entry: its statically imported chunks as one file. */
export interface Size {
  readonly minifiedBytes: number;
  readonly gzippedBytes: number;
  /** The compressed size of all chunks, including those loaded on first use. */
  readonly wholeBytes: number;
  /** The largest first. */
  readonly parts: readonly Part[];
}

/** Packs the library, and bundles each entry separately. */
export async function measureSizes(): Promise<ReadonlyMap<string, Size>> {
  using workspace = await workspaceWith({ apps: [] });
  const sizes = new Map<string, Size>();
  try {
    for (const [entry, { platform }] of Object.entries(sizeLimits))
      sizes.set(entry, await sizeOf(entry, platform, workspace));
    return sizes;
  } finally {
    await stop(); // esbuild keeps a process for further builds
  }
}

async function sizeOf(entry: string, platform: SizeLimit['platform'], { folder }: Workspace): Promise<Size> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export * from '${entry}';`, resolveDir: folder },
    absWorkingDir: folder,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform,
    outdir: folder,
    write: false,
    metafile: true,
  });
  const atStart = chunksAtStart(metafile);
  const start = outputFiles.filter(({ path }) => atStart.has(relative(folder, path)));
  return {
    minifiedBytes: contentsOf(start).length,
    gzippedBytes: gzippedLength(start),
    wholeBytes: gzippedLength(outputFiles),
    parts: partsOf(metafile, atStart),
  };
}

/** The entry's chunk and those that it imports statically, by their paths. */
function chunksAtStart({ outputs }: Metafile): ReadonlySet<string> {
  const entry = Object.keys(outputs).filter((path) => outputs[path]?.entryPoint === '<stdin>');
  const chunks = new Set(entry);
  for (const path of chunks)
    for (const { kind, path: imported } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && imported in outputs) chunks.add(imported);
  if (chunks.size === 0) throw new Error('esbuild made nothing of the entry');
  return chunks;
}

function contentsOf(files: readonly OutputFile[]): Buffer {
  return Buffer.concat(files.map(({ contents }) => contents));
}

function gzippedLength(files: readonly OutputFile[]): number {
  return gzipSync(contentsOf(files), { level: 9 }).length;
}

function partsOf({ outputs }: Metafile, chunks: ReadonlySet<string>): Part[] {
  const inputs = [...chunks].flatMap((path) => Object.entries(outputs[path]?.inputs ?? {}));
  const parts = inputs.map(([file, { bytesInOutput }]) => ({
    file: file.replace(/^.*\/latchkey\/dist\//, ''),
    bytes: bytesInOutput,
  }));
  return parts.filter(({ bytes }) => bytes > 0).toSorted((a, b) => b.bytes - a.bytes);
}

/** The size of each folder in the bundle, the largest first. */
export function foldersOf(parts: readonly Part[]): Part[] {
  const folders = new Map<string, number>();
  for (const { file, bytes } of parts) {
    const folder = file.slice(0, file.lastIndexOf('/') + 1);
    folders.set(folder, (folders.get(folder) ?? 0) + bytes);
  }
  return [...folders].map(([file, bytes]) => ({ file, bytes })).toSorted((a, b) => b.bytes - a.bytes);
}

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;

function listOf(parts: readonly Part[], indent: string): string[] {
  return parts.map(({ file, bytes }) => `${indent}${kilobytes(bytes).padStart(8)}  ${file}`);
}

/**
 * Describes one entry. @param count - the number of its largest files to list.
 */
export function describeSize(entry: string, size: Size, count: number): string {
  const { minifiedBytes, gzippedBytes, wholeBytes, parts } = size;
  const goal = sizeLimits[entry]?.goal;
  const compressed = `${kilobytes(gzippedBytes)} compressed with its static imports (goal ${goal} kB)`;
  const head = `${entry}: ${compressed}, ${kilobytes(minifiedBytes)} minified`;
  const later = `  ${kilobytes(wholeBytes)} compressed with what is loaded on first use`;
  const rest = parts.length > count ? [`    and ${parts.length - count} files more`] : [];
  return [
    head,
    ...(wholeBytes > gzippedBytes ? [later] : []),
    ...listOf(foldersOf(parts), '  '),
    '  the largest files:',
    ...listOf(parts.slice(0, count), '  '),
    ...rest,
  ].join('\n');
}
