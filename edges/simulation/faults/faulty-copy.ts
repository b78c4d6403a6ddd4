/**
 * A copy of the built library with a fault in it.
 *
 * @module
 */

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Library, loadLibrary } from '../world/library.ts';
import type { Edit, Fault } from './catalogue.ts';

/** Copies, edits and loads. @throws Error if a text to replace does not occur exactly once. */
export async function faultyLibrary(dist: string, { name, edits }: Fault): Promise<Library & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-fault-'));
  const remove = async () => rmSync(folder, { recursive: true });
  try {
    cpSync(dist, folder, {
      recursive: true,
      filter: (file) => !file.startsWith(join(dist, 'cjs')) && !/\.d\.ts$|\.map$/.test(file),
    });
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    for (const edit of edits) change(join(folder, edit.file), edit, name);
    return { ...(await loadLibrary(folder)), [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function change(file: string, { from, to }: Edit, name: string): void {
  const parts = readFileSync(file, 'utf8').split(from);
  if (parts.length !== 2) throw new Error(`${name}: found ${parts.length - 1} times in ${file}: ${from}`);
  writeFileSync(file, parts.join(to));
}
