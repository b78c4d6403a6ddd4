import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { type AuditEntry, operator } from '../../src/operator/index.ts';
import { sqliteStore } from '../../src/stores/sqlite/index.ts';
import { seededFraction } from '../../src/testing/manual-clock.ts';
import { temporaryFolder } from '../stores/sqlite/handles.ts';
import { lapse, stored } from './records.ts';

const ends: (() => unknown)[] = [];
const kills = 4;
const records = 60;

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Lets the child begin this many records, and kills it a moment later; returns true if it ended by itself. */
async function killed(file: string, after: number, momentMs: number): Promise<boolean> {
  const script = fileURLToPath(new URL('children/resolve-all.ts', import.meta.url));
  const child = spawn(process.execPath, ['--experimental-strip-types', '--no-warnings', script, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  let begun = 0;
  for await (const line of createInterface(child.stdout)) {
    if (line === 'done') break;
    begun += 1;
    if (begun === after) setTimeout(() => child.kill('SIGKILL'), momentMs);
  }
  const [code] = await exit;
  return code === 0;
}

const lineOf = ({ id, event, decisionId }: AuditEntry) => `${id} ${event} ${decisionId}`;

it('an operator killed at any moment has carried out nothing that was not decided, and the next one continues', async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  console.log(`SEED=${seed}`);
  const fraction = seededFraction(seed);
  const folder = await temporaryFolder();
  const store = sqliteStore({ database: folder.path('records.db') });
  ends.push(folder.remove, () => store.close());
  const ids = Array.from({ length: records }, (_, index) => `record-${index}`);
  for (const id of ids) await lapse(store, id);
  for (let kill = 0; kill < kills; kill += 1)
    await killed(folder.path('records.db'), Math.ceil(fraction() * 10), fraction() * 20);
  expect(await killed(folder.path('records.db'), records + 1, 0)).toBe(true);

  const people = operator({ store });
  const { entries } = await people.log({ limit: 1_000 });
  const logged = new Set(entries.map(lineOf));
  expect(logged.size).toBe(entries.length);
  for (const id of ids) {
    expect((await stored(store, id)).state).toBe('completed');
    const decided = (await people.audit(id)).filter(({ event }) => event === 'decided');
    expect(decided.some((line) => logged.has(lineOf(line)))).toBe(true);
  }
  const unfinished = await Promise.all(ids.map(async (id) => (await people.show(id))?.unfinished.length ?? 0));
  expect(unfinished.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(kills);
});
