import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { root } from '../prepare/root.mjs';

/** Where the library's sources are. Ends with a slash. */
export const librarySources = pathToFileURL(`${root}/packages/latchkey/src/`);

/** Every TypeScript file of the library that is not generated, as a path from `src`. */
export function sourceFiles(): string[] {
  const all = readdirSync(librarySources, { recursive: true, encoding: 'utf8' });
  return all.filter((file) => file.endsWith('.ts') && !file.endsWith('.generated.ts')).toSorted();
}

/** @param file - a path from `src`. */
export function readSource(file: string): string {
  return readFileSync(join(fileURLToPath(librarySources), file), 'utf8');
}
