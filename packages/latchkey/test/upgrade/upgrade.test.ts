import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patience } from '../servers/patience.ts';
import { isSelected } from '../servers/selected.ts';
import { bytesOf, claimOf, completionOf } from '../stores/requests.ts';
import { outputOf, spawnChild } from '../stores/sqlite/children/spawn-child.ts';
import { type AnyStore, type Connected, connections, type Kind } from './places.ts';
import { present, type Release, unpackFormer } from './releases.ts';
import { needLeases, scenarios, takesForRunning } from './scenarios.ts';
import { type Place, places } from './servers.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const duplicates = 4;
const kinds: readonly Kind[] = ['sqlite', 'encrypted', 'redis', 'postgres', 'mariadb', 'dynamodb'];
/** DynamoDB Local takes tens of milliseconds for a write. */
const keysOf = (kind: Kind) => (kind === 'dynamodb' ? 30 : 100);
const migrated: readonly Kind[] = ['postgres', 'mariadb'];
const unreadable = { code: 'record-unreadable' };

for (const kind of kinds)
  describe.runIf(isSelected(kind === 'encrypted' ? 'sqlite' : kind))(
    `two releases at the same time on ${kind}`,
    { timeout: patience(180_000) },
    () => {
      let release: Release;
      let removeFormer: () => Promise<void>;
      let place: Place;
      let older: Connected;
      let newer: Connected;

      const connect = (which: Release) => connections[kind](which, place.address);

      beforeAll(async () => {
        const unpacked = await unpackFormer();
        [release, removeFormer] = [unpacked.former, unpacked.remove];
        place = await places[kind](release);
        older = await connect(release);
        await older.store.claim(claimOf('from before', 'a'));
        await older.store.complete(completionOf('from before', 'a', 'old answer'));
        if (migrated.includes(kind)) await expectUnmigrated(await connect(present));
        await place.migrate();
        newer = await connect(present);
      }, 180_000);

      afterAll(async () => {
        await older?.end();
        await newer?.end();
        await place?.stop();
        await removeFormer?.();
      });

      it('keeps earlier answers, for both, and for a former process that starts later', async () => {
        const late = await connect(release);
        for (const { store } of [older, newer, late]) expect(await answerOf(store, 'from before')).toBe('old answer');
        await late.end();
      });

      for (const [name, run] of Object.entries(scenarios)) {
        it(`the new one ${name}, which the former wrote`, () =>
          run({ writer: older.store, reader: newer.store }, `new ${name}`));
        if (kind !== 'redis' || !needLeases.has(name))
          it(`the former one ${name}, which the new wrote`, () =>
            run({ writer: newer.store, reader: older.store }, `former ${name}`));
      }

      if (kind === 'redis')
        it('the former treats a first attempt of the new one as running, lapsed or not', () =>
          takesForRunning({ writer: newer.store, reader: older.store }, 'lapsed in secret'));

      it('the former refuses a record with a request, changes nothing, and replays its answer in the end', async () => {
        const [id, token] = ['asked', 'a'];
        await newer.store.claim(claimOf(id, token, { policy: 'rerun', request: bytesOf('asked') }));
        await newer.store.saveStep({ id, token, name: 'one', value: bytesOf('1') });
        const before = await newer.store.read(id);
        const owner = { id, token, leaseMs: 1, unresolvedRetentionMs: 1, retentionMs: 1 };
        for (const call of [
          () => older.store.claim(claimOf(id, 'b', { takeover: 'any' })),
          () => older.store.renew(owner),
          () => older.store.release(owner),
          () => older.store.saveStep({ ...owner, name: 'two', value: bytesOf('2') }),
          () => older.store.read(id),
          () => older.store.complete(completionOf(id, token, 'by the former')),
        ])
          await expect(call()).rejects.toMatchObject(unreadable);
        expect(await newer.store.read(id)).toEqual(before);
        expect(await newer.store.complete(completionOf(id, token, 'done'))).toBe('completed');
        expect(await answerOf(older.store, id)).toBe('done');
      });

      it('the new one saves a request with an open record of the former’s', async () => {
        const id = 'opened before';
        await older.store.claim(claimOf(id, 'a'));
        await older.store.release({ id, token: 'a', retentionMs: 60_000 });
        await newer.store.claim(claimOf(id, 'b', { request: bytesOf('asked') }));
        expect(Buffer.from((await newer.store.read(id))?.request ?? []).toString()).toBe('asked');
        await newer.store.complete(completionOf(id, 'b', 'done'));
        expect(await answerOf(older.store, id)).toBe('done');
      });

      it('concurrent processes of both run nothing twice and lose nothing', async () => {
        console.log(`SEED=${seed}`);
        const script = new URL('children/run-keys.ts', import.meta.url).href;
        const children = [release, present, release, present].map(({ root, ending }, index) =>
          spawnChild(script, [
            root,
            ending,
            kind,
            place.address,
            `${keysOf(kind)}`,
            `${duplicates}`,
            `${seed + index}`,
          ]),
        );
        const outputs = await Promise.all(children.map(outputOf));
        const effects = outputs.flatMap((output): string[] => JSON.parse(output));
        const ids = Array.from({ length: keysOf(kind) }, (_, index) => `key-${index}`);
        expect(effects.sort()).toEqual([...ids].sort());
        for (const id of ids) {
          const { store } = id.length % 2 === 0 ? older : newer;
          const claim = await store.claim(claimOf(id, 'last', { takeover: 'any', maxAttempts: 1_000 }));
          if (claim.outcome === 'claimed') {
            expect([...claim.steps.keys()]).toEqual(['effect']);
            await store.complete(completionOf(id, 'last', `answer of ${id}`));
          }
          for (const one of [older, newer]) expect(await answerOf(one.store, id)).toBe(`answer of ${id}`);
        }
      });
    },
  );

async function answerOf(store: AnyStore, id: string): Promise<string> {
  const outcome = await store.claim(claimOf(id, 'onlooker'));
  return outcome.outcome === 'completed' ? Buffer.from(outcome.result.bytes).toString() : outcome.outcome;
}

/** The new release reports missing tables, and works as soon as they exist. */
async function expectUnmigrated({ store, end }: Connected): Promise<void> {
  await expect(store.read('from before')).rejects.toMatchObject({ code: 'schema-mismatch' });
  await expect(store.read('from before')).rejects.toThrow(/migrat/);
  await end();
}
