/**
 * Runs keys repeatedly together with other processes, some of another release, and prints the keys for which it made
 * the effect: one effect per key, however often its record is released, abandoned or taken over. Arguments: the
 * release's root and ending, the kind of store, its address, the number of keys, how often each, a seed.
 */

import { seededFraction } from '../../../src/testing/manual-clock.ts';
import { bytesOf, claimOf, completionOf } from '../../stores/requests.ts';
import { connections, type Kind } from '../places.ts';

const [root = '', ending = '', kind = '', address = '', keys = '0', duplicates = '0', seed = '0'] =
  process.argv.slice(2);
const fraction = seededFraction(Number(seed));
const release = { root, ending: ending === 'ts' ? 'ts' : 'js' } as const;
const { store, end } = await connections[kind as Kind](release, address);
const effects: string[] = [];
const concurrency = 8;

/** A lease longer than the test, so that even on a busy machine only abandoned records are taken over. */
const terms = { policy: 'rerun', takeover: 'rerun', maxAttempts: 1_000, leaseMs: 600_000 } as const;

/** All processes use nearly the same order of keys, so that they compete. */
const queue = Array.from({ length: Number(keys) * Number(duplicates) }, (_, index) => index)
  .map((index) => ({ id: `key-${index % Number(keys)}`, order: (index % Number(keys)) + 10 * fraction() }))
  .sort((a, b) => b.order - a.order);

async function run(id: string): Promise<void> {
  const token = crypto.randomUUID();
  const claim = await store.claim(claimOf(id, token, terms));
  if (claim.outcome !== 'claimed') return;
  if (!claim.steps.has('effect')) {
    effects.push(id);
    await store.saveStep({ id, token, name: 'effect', value: bytesOf(id) });
  }
  const draw = fraction();
  if (draw < 0.2) await store.release({ id, token, retentionMs: 600_000 });
  else if (draw < 0.4) await store.abandon({ id, token, unresolvedRetentionMs: 600_000 });
  else await store.complete({ ...completionOf(id, token, `answer of ${id}`), retentionMs: 600_000 });
}

async function work(): Promise<void> {
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) await run(next.id);
}

await Promise.all(Array.from({ length: concurrency }, work));
await end();
process.stdout.write(JSON.stringify(effects));
