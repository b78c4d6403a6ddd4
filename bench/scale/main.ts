// What calls cost with ten thousand records and with millions, and while a million expired ones are swept:
// npm run bench:scale -- [STORE…] [--sizes 10000,100000,2000000] [--samples N] [--sweep-seconds N]
// Figures are printed, never asserted: they depend on the machine and on what else it does.

import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { median } from '../median.ts';
import { scaledDynamodb } from './dynamodb.ts';
import { scaledMariadb } from './mariadb.ts';
import { latencies, percentile } from './measure.ts';
import { scaledMemory } from './memory.ts';
import { scaledPostgres } from './postgres.ts';
import { scaledRedis } from './redis.ts';
import type { Scaled } from './scaled.ts';
import { scaledSqlite } from './sqlite.ts';
import { measureSweep } from './sweep.ts';

/** DynamoDB Local keeps all in one small heap: it bears no millions. */
const stores: Readonly<Record<string, { make(): Promise<Scaled>; readonly most?: number }>> = {
  memory: { make: scaledMemory },
  sqlite: { make: scaledSqlite },
  redis: { make: scaledRedis },
  postgres: { make: scaledPostgres },
  mariadb: { make: scaledMariadb },
  dynamodb: { make: scaledDynamodb, most: 100_000 },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sizes: { type: 'string', default: '10000,100000,2000000' },
    samples: { type: 'string', default: '3000' },
    'sweep-seconds': { type: 'string', default: '30' },
  },
});

function row(cells: readonly string[]): void {
  console.log(cells.map((cell, index) => (index < 2 ? cell.padEnd(10) : cell.padStart(14))).join(''));
}

const told = (samples: readonly number[]) => `${median(samples).toFixed(0)}/${percentile(samples, 0.99).toFixed(0)}`;

async function measureSizes(name: string, scaled: Scaled, most: number): Promise<number> {
  let filled = 0;
  for (const size of values.sizes.split(',').map(Number)) {
    if (size > most) continue;
    await scaled.fill(filled, size);
    filled = size;
    await latencies(scaled.store, size, 500);
    const { claim, complete, replay } = await latencies(scaled.store, size, Number(values.samples));
    row([name, String(size), told(claim), told(complete), told(replay)]);
  }
  return filled;
}

async function measureStore(name: string): Promise<void> {
  const found = stores[name];
  if (found === undefined) throw new Error(`No such store: ${name}; there are ${Object.keys(stores).join(', ')}`);
  const scaled = await found.make();
  try {
    const filled = await measureSizes(name, scaled, found.most ?? Number.POSITIVE_INFINITY);
    const swept = await measureSweep(scaled, filled, Number(values['sweep-seconds']));
    if (swept === undefined) return;
    const { idleP99Us, sweepingP99Us, rowsPerSecond } = swept;
    const verdict = sweepingP99Us < 2 * idleP99Us ? 'met' : 'missed';
    console.log(
      `${name}: claim p99 ${idleP99Us.toFixed(0)} µs idle, ${sweepingP99Us.toFixed(0)} µs while ` +
        `${rowsPerSecond.toFixed(0)} expired rows/s go (${(sweepingP99Us / idleP99Us).toFixed(2)} ×, under 2 ×: ${verdict})`,
    );
  } finally {
    await scaled.stop();
  }
}

// In memory where there is such a folder: the time of a disk would hide the rest.
if (existsSync('/dev/shm')) process.env['TMPDIR'] = '/dev/shm';
console.log('One call at a time; microseconds, median/p99.');
row(['store', 'records', 'claim', 'complete', 'replay']);
for (const name of positionals.length === 0 ? Object.keys(stores) : positionals) await measureStore(name);
