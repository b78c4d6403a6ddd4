import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patience } from '../servers/patience.ts';
import { isSelected } from '../servers/selected.ts';
import { claimOf, completionOf } from '../stores/requests.ts';
import { outputOf, spawnChild } from '../stores/sqlite/children/spawn-child.ts';
import { type AnyStore, type Connected, connections, type Kind } from './places.ts';
import {
  type FormerRelease,
  formerReleases,
  isAble,
  present,
  type Unpacked,
  unpackFormerReleases,
} from './releases.ts';
import { answerOf, needs, refusesRequest, scenarios, takesForRunning } from './scenarios.ts';
import { migrate, type Server, servers } from './servers.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const duplicates = 4;
const kinds: readonly Kind[] = ['sqlite', 'encrypted', 'redis', 'postgres', 'mariadb', 'dynamodb'];
/** DynamoDB Local takes tens of milliseconds for a write. */
const keysOf = (kind: Kind) => (kind === 'dynamodb' ? 30 : 100);
const slow = 180_000;

let unpacked: Unpacked;
beforeAll(async () => {
  unpacked = await unpackFormerReleases();
});
afterAll(() => unpacked?.remove());

for (const kind of kinds)
  describe.runIf(isSelected(kind === 'encrypted' ? 'sqlite' : kind))(
    `releases at the same time on ${kind}`,
    { timeout: patience(slow) },
    () => {
      let server: Server;
      beforeAll(async () => {
        server = await servers[kind]();
      }, slow);
      afterAll(() => server?.stop());

      for (const former of formerReleases)
        describe(`${former.commit} and the present code`, () => testPair(kind, former, () => server));

      it('concurrent processes of all releases run nothing twice and lose nothing', async () => {
        console.log(`SEED=${seed}`);
        const address = await server.database('every');
        const releases = formerReleases.map((former) => unpacked.of(former));
        for (const release of [...releases, present]) await migrate(release, kind, address);
        const processes = releases.flatMap((release) => [release, present]);
        const effects = await Promise.all(
          processes.map(async ({ root, ending }, index) => {
            const args = [root, ending, kind, address, `${keysOf(kind)}`, `${duplicates}`, `${seed + index}`];
            return outputOf(spawnChild(new URL('children/run-keys.ts', import.meta.url).href, args));
          }),
        );
        const ids = Array.from({ length: keysOf(kind) }, (_, index) => `key-${index}`);
        expect(effects.flatMap((output): string[] => JSON.parse(output)).sort()).toEqual([...ids].sort());
        const all = await Promise.all([present, ...releases].map((release) => connections[kind](release, address)));
        const stores = all.map(({ store }) => store);
        for (const [index, id] of ids.entries()) {
          await finish(stores[index % stores.length], id);
          for (const store of stores) expect(await answerOf(store, id)).toBe(`answer of ${id}`);
        }
        for (const { end } of all) await end();
      });
    },
  );

function testPair(kind: Kind, former: FormerRelease, server: () => Server): void {
  const can = (ability: Parameters<typeof isAble>[1]) => isAble(former, ability, kind);
  let address: string;
  let older: Connected;
  let newer: Connected;

  beforeAll(async () => {
    const release = unpacked.of(former);
    address = await server().database(`beside_${former.commit}`);
    await migrate(release, kind, address);
    older = await connections[kind](release, address);
    await older.store.claim(claimOf('from before', 'a'));
    await older.store.complete(completionOf('from before', 'a', 'old answer'));
    if (!can('present tables')) {
      await expectUnmigrated(await connections[kind](present, address));
      await migrate(present, kind, address);
    }
    newer = await connections[kind](present, address);
  }, slow);

  afterAll(async () => {
    await older?.end();
    await newer?.end();
  });

  it('keeps earlier answers, for both, and for a former process that starts later', async () => {
    const late = await connections[kind](unpacked.of(former), address);
    for (const { store } of [older, newer, late]) expect(await answerOf(store, 'from before')).toBe('old answer');
    await late.end();
  });

  for (const [name, run] of Object.entries(scenarios)) {
    const { writer, reader } = needs[name] ?? {};
    if (can(writer))
      it(`the new one ${name}, which the former wrote`, () =>
        run({ writer: older.store, reader: newer.store }, `new ${name}`));
    if (can(reader))
      it(`the former one ${name}, which the new wrote`, () =>
        run({ writer: newer.store, reader: older.store }, `former ${name}`));
  }

  if (!can('first leases on Redis'))
    it('the former treats a first attempt of the new one as running, lapsed or not', () =>
      takesForRunning({ writer: newer.store, reader: older.store }, 'lapsed in secret'));

  if (!can('saved requests'))
    it('the former refuses a record with a request, changes nothing, and replays its answer in the end', () =>
      refusesRequest({ writer: newer.store, reader: older.store }, 'asked'));
}

/** Completes a record that the processes left open or lapsed, after the effect. */
async function finish(store: AnyStore | undefined, id: string): Promise<void> {
  const claim = await store?.claim(claimOf(id, 'last', { takeover: 'any', maxAttempts: 1_000 }));
  if (claim?.outcome !== 'claimed') return;
  expect([...claim.steps.keys()]).toEqual(['effect']);
  await store?.complete(completionOf(id, 'last', `answer of ${id}`));
}

/** The present code reports missing tables, and works as soon as they exist. */
async function expectUnmigrated({ store, end }: Connected): Promise<void> {
  await expect(store.read('from before')).rejects.toMatchObject({ code: 'schema-mismatch' });
  await expect(store.read('from before')).rejects.toThrow(/migrat/);
  await end();
}
