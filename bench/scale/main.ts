// The cost of calls with ten thousand to millions of records, and while a million expired ones are swept: npm run
// bench:scale -- [STORE…] [--sizes 10000,100000,2000000] [--samples N] [--sweep-seconds N] Figures are printed, never
// asserted, since they depend on the machine and its load.

import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { median } from '../median.ts';
import { scaledDynamodb } from './dynamodb.ts';
import { scaledMariadb } from './mariadb.ts';
import { type Latencies, latencies, percentile } from './measure.ts';
import { scaledMemory } from './memory.ts';
import { scaledPostgres } from './postgres.ts';
import { scaledRedis } from './redis.ts';
import type { Scaled } from './scaled.ts';
import { scaledSqlite } from './sqlite.ts';
import { measureSweep } from './sweep.ts';

const stores: Readonly<Record<string, () => Promise<Scaled>>> = {
  memory: scaledMemory,
  sqlite: scaledSqlite,
  redis: scaledRedis,
  postgres: scaledPostgres,
  mariadb: scaledMariadb,
  dynamodb: scaledDynamodb,
};

/** Number of turns per size. */
const turns = 20;

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

/** Measures all sizes in turns, each with its own store, to even out other load on the machine. */
async function measureSizes(name: string, scales: ReadonlyMap<number, Scaled>): Promise<void> {
  const taken = new Map([...scales.keys()].map((size) => [size, [] as Latencies[]]));
  const each = Math.ceil(Number(values.samples) / turns);
  for (let turn = 0; turn <= turns; turn += 1) {
    for (const [size, { store }] of scales) {
      const found = await latencies(store, size, each);
      // The first turn is a warm-up.
      if (turn > 0) taken.get(size)?.push(found);
    }
  }
  for (const [size, found] of taken) {
    const cells = (['claim', 'complete', 'replay'] as const).map((call) => told(found.flatMap((one) => one[call])));
    row([name, String(size), ...cells]);
  }
}

async function measureStore(name: string): Promise<void> {
  const make = stores[name];
  if (make === undefined) throw new Error(`No such store: ${name}; there are ${Object.keys(stores).join(', ')}`);
  const sizes = values.sizes.split(',').map(Number);
  const scales = new Map<number, Scaled>();
  try {
    for (const size of sizes) {
      const scaled = await make();
      scales.set(size, scaled);
      await scaled.fill(0, size);
    }
    await measureSizes(name, scales);
    const [size, largest] = [...scales].at(-1) ?? [];
    if (size !== undefined && largest !== undefined) await tellSweep(name, largest, size);
  } finally {
    await Promise.all([...scales.values()].map((scaled) => scaled.stop()));
  }
}

async function tellSweep(name: string, scaled: Scaled, size: number): Promise<void> {
  const swept = await measureSweep(scaled, size, Number(values['sweep-seconds']));
  if (swept === undefined) return;
  const { idleP99Us, sweepingP99Us, rowsPerSecond } = swept;
  const times = sweepingP99Us / idleP99Us;
  console.log(
    `${name}: claim p99 ${idleP99Us.toFixed(0)} µs idle, ${sweepingP99Us.toFixed(0)} µs while ` +
      `${rowsPerSecond.toFixed(0)} expired rows/s go (${times.toFixed(2)} ×, under 2 ×: ${times < 2 ? 'met' : 'missed'})`,
  );
}

// In memory if possible, since disk time would dominate the rest.
if (existsSync('/dev/shm')) process.env['TMPDIR'] = '/dev/shm';
console.log('One call at a time; microseconds, median/p99.');
row(['store', 'records', 'claim', 'complete', 'replay']);
for (const name of positionals.length === 0 ? Object.keys(stores) : positionals) await measureStore(name);
