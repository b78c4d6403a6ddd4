// The cost of steps: npm run bench:steps -- [--rounds N] In one process, without HTTP: the CPU that a step adds on the
// memory store, and the duration of ten concurrent steps compared with one on a real Redis. Figures are printed, never
// asserted.

import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { type Context, idempotent } from 'latchkey';
import { memoryStore } from 'latchkey/memory';
import { redisStore } from 'latchkey/redis';
import type { Store } from 'latchkey/store';
import { startRedis } from '../../packages/latchkey/test/servers/redis-server.ts';
import { median } from '../median.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
const rounds = Number(values.rounds);
const names = Array.from({ length: 10 }, (_, index) => `step ${index}`);

let calls = 0;

/** Runs operations one after another, each with a new key. */
function caller(store: Store, body: (context: Context) => Promise<unknown>) {
  const run = idempotent((_input: string, context) => body(context), {
    store,
    name: 'bench',
    key: (input) => input,
    log: false,
  });
  return async (times: number) => {
    for (let made = 0; made < times; made += 1) {
      calls += 1;
      await run(`key ${calls}`);
    }
  };
}

async function inTurn(context: Context): Promise<void> {
  for (const name of names) await context.step(name, () => name);
}

const oneStep = (context: Context) => context.step('step', () => 'step');
const concurrent = (context: Context) => Promise.all(names.map((name) => context.step(name, () => name)));

async function cpuUs(run: (times: number) => Promise<void>, times: number): Promise<number> {
  const start = process.cpuUsage();
  await run(times);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / times;
}

async function elapsedUs(run: (times: number) => Promise<void>, times: number): Promise<number> {
  const start = performance.now();
  await run(times);
  return ((performance.now() - start) * 1000) / times;
}

async function onMemory(): Promise<void> {
  const store = () => memoryStore({ maxRecords: 1_000_000 });
  const samples: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const without = await cpuUs(
      caller(store(), async () => 'nothing'),
      5_000,
    );
    const within = await cpuUs(caller(store(), inTurn), 5_000);
    // The first round is a warm-up.
    if (round > 0) samples.push((within - without) / names.length);
  }
  console.log(
    `memory, added CPU per step              ${median(samples).toFixed(1).padStart(8)} µs      at most 40 µs`,
  );
}

async function onRedis(): Promise<void> {
  const server = await startRedis();
  const client = new Redis({
    port: server.port,
    host: '127.0.0.1',
    enableAutoPipelining: true,
    enableOfflineQueue: false,
  });
  await new Promise((resolve) => client.once('ready', resolve));
  const store = redisStore({ client });
  const samples: number[][] = [[], [], []];
  for (let round = 0; round <= rounds; round += 1) {
    const taken = [];
    for (const body of [async () => 'nothing', oneStep, concurrent])
      taken.push(await elapsedUs(caller(store, body), 500));
    if (round > 0) for (const [index, us] of taken.entries()) samples[index]?.push(us);
  }
  const [none = 0, one = 0, ten = 0] = samples.map(median);
  console.log(`Redis, an operation without a step      ${none.toFixed(0).padStart(8)} µs`);
  console.log(`Redis, one step more                    ${(one - none).toFixed(0).padStart(8)} µs`);
  console.log(
    `Redis, ten concurrent steps more        ${(ten - none).toFixed(0).padStart(8)} µs      the time of about one`,
  );
  client.disconnect();
  await server.stop();
}

await onMemory();
await onRedis();
