import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { expect, it, vi } from 'vitest';
import { telemetry } from '../../src/otel/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { servedExporter, sumOf } from './exposition.ts';
import { otelRig, short } from './otel-rig.ts';

const gauge = 'latchkey_unknown_outcomes';

type Rig = Awaited<ReturnType<typeof otelRig>>;

/** Scrapes again after the pause between two pages. */
async function scrapeAgain({ runtime, scrape }: Rig) {
  await runtime.advance(15_000);
  return scrape();
}

const counting = () => otelRig({ telemetry: { countUnknown: true }, guard: { timing: short } });

it('shows the number of lapsed records, from the second scrape on', async () => {
  const rig = await counting();
  for (const key of ['k', 'l', 'm']) await rig.lapse(key);
  await rig.send({ key: 'n' });
  expect((await rig.scrape()).filter(({ name }) => name === gauge)).toEqual([]);
  expect(await rig.scrape()).toContainEqual({ name: gauge, labels: { latchkey_store: 'memory' }, value: 3 });
});

it('reads one page of limited work at a time, however often it is scraped', async () => {
  const rig = await counting();
  for (let at = 0; at < 250; at += 1) await rig.lapse(`k${at}`);
  const before = rig.faults.calls.get('list') ?? 0;
  for (let time = 0; time < 5; time += 1) await rig.scrape();
  expect((rig.faults.calls.get('list') ?? 0) - before).toBe(1);
  expect(sumOf(await rig.scrape(), gauge)).toBe(100);
  await scrapeAgain(rig);
  await scrapeAgain(rig);
  expect(sumOf(await rig.scrape(), gauge)).toBe(250);
  expect((rig.faults.calls.get('list') ?? 0) - before).toBe(3);
  // The next pass finds less at first: the last complete one counts.
  await scrapeAgain(rig);
  expect(sumOf(await rig.scrape(), gauge)).toBe(250);
});

it('asks the store to end a page after a thousand records', async () => {
  const { exporter, scrape } = await servedExporter();
  const store = memoryStore();
  const list = vi.spyOn(store, 'list');
  telemetry({ store, countUnknown: true, meterProvider: new MeterProvider({ readers: [exporter] }) });
  await scrape();
  expect(list.mock.calls).toEqual([[{ state: 'lapsed', limit: 100, mostRead: 1_000 }]]);
});

it('shows no number after the store failed, and the right one once it answers', async () => {
  const rig = await counting();
  await rig.lapse('k');
  rig.faults.next('list', { kind: 'fail' });
  await rig.scrape();
  expect((await rig.scrape()).map(({ name }) => name)).not.toContain(gauge);
  await scrapeAgain(rig);
  expect(sumOf(await rig.scrape(), gauge)).toBe(1);
});

it('reads again after a page that took longer than five seconds', async () => {
  const rig = await counting();
  await rig.lapse('k');
  rig.faults.next('list', { kind: 'hang' });
  await rig.scrape();
  await rig.runtime.advance(5_000);
  expect((await rig.scrape()).map(({ name }) => name)).not.toContain(gauge);
  await scrapeAgain(rig);
  expect(sumOf(await rig.scrape(), gauge)).toBe(1);
});

it('needs an OperatorStore', () => {
  const { name, claim, complete } = memoryStore();
  expect(() => telemetry({ store: { name, claim, complete }, countUnknown: true })).toThrow(
    /telemetry\(\) with countUnknown: store must be an OperatorStore/,
  );
});
