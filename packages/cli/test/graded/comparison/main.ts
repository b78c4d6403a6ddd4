// A contestant as a process: main.ts NAME PORT REDIS-PORT

import { Redis } from 'ioredis';
import { expressIdempotency, latchkey, latchkeyRerun, type Start, setNxLines } from './express-apps.ts';
import { nodeIdempotency } from './node-idempotency.ts';

const contestants: Readonly<Record<string, Start>> = {
  latchkey,
  latchkeyRerun,
  nodeIdempotency,
  expressIdempotency,
  setNxLines,
};

const [name = '', port, redisPort] = process.argv.slice(2);
const start = contestants[name];
if (start === undefined) throw new Error(`No such contestant: ${name}`);
await start(new Redis(Number(redisPort), '127.0.0.1'), Number(port));
