import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Number of durable appends of 4 KB per second on this machine's disk. */
export function measureFdatasync(folder: string, seconds: number): number {
  const file = join(folder, 'fdatasync.bin');
  const page = Buffer.alloc(4096, 1);
  const descriptor = openSync(file, 'w');
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < seconds * 1000) {
    writeSync(descriptor, page);
    fdatasyncSync(descriptor);
    count += 1;
  }
  const elapsed = performance.now() - start;
  closeSync(descriptor);
  rmSync(file);
  return (count * 1000) / elapsed;
}
