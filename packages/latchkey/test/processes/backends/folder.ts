import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for one run. */
export async function runFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-processes-'));
  return { path: (name: string) => join(folder, name), remove: () => rm(folder, { recursive: true, force: true }) };
}
