import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Series } from './exposition.ts';
import { otelRig, short } from './otel-rig.ts';

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}

interface Alerts {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

const read = (name: string) => readFileSync(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8');

const { panels }: Dashboard = JSON.parse(read('telemetry/dashboard.json'));
const { groups }: Alerts = parse(read('telemetry/alerts.yml'));
const rules = groups.flatMap((group) => group.rules);
const expressions = [
  ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ...rules.map(({ expr }) => expr),
];

/** A scrape after requests that make every series. */
async function scrapeOfAll(): Promise<readonly Series[]> {
  const telemetry = { countUnknown: true, operations: ['POST /v1/charges'] };
  const rig = await otelRig({ telemetry, guard: { timing: short } });
  await rig.send({ key: 'k' });
  await rig.send({ key: 'k' });
  await rig.send({ key: '' });
  await rig.lapse('l');
  rig.faults.next('claim', { kind: 'fail' });
  const retried = rig.send({ key: 'm' });
  await rig.runtime.advance(2_000);
  await retried;
  await rig.scrape();
  return rig.scrape();
}

const metricsIn = (text: string) => Array.from(text.matchAll(/\blatchkey_[a-z_]+(?=[[{)\s`]|$)/g), ([name]) => name);

/** The labels in selectors and groupings. */
const labelsIn = (expr: string) => [
  ...Array.from(expr.matchAll(/([a-z_]+)(?:=~|!=|=)"/g), ([, label = '']) => label),
  ...Array.from(expr.matchAll(/by \(([^)]*)\)/g), ([, list = '']) => list.split(', ')).flat(),
];

it('the dashboard and the alert rules name only metrics and labels that the exporter emits', async () => {
  const series = await scrapeOfAll();
  const names = new Set(series.map(({ name }) => name));
  const labels = new Set(series.flatMap((one) => Object.keys(one.labels)));
  expect([panels.length, rules.length]).toEqual([10, 2]);
  for (const expr of expressions) {
    const metrics = metricsIn(expr).filter((name) => !labels.has(name));
    expect(metrics.length, expr).toBeGreaterThan(0);
    for (const name of metrics) expect([...names], expr).toContain(name);
    for (const label of labelsIn(expr)) expect([...labels], expr).toContain(label);
  }
});

it('an alert rule that looks at the increase of a counter also looks for its new series, which begin with 1', () => {
  const increases = rules.flatMap(({ expr }) =>
    Array.from(expr.matchAll(/(?:increase|rate)\(([^[]+)\[(\w+)\]/g), ([, series, window]) => ({
      expr,
      series,
      window,
    })),
  );
  expect(increases).toHaveLength(3);
  for (const { expr, series, window } of increases)
    expect(expr).toContain(`${series} unless ${series} offset ${window}`);
});

it('docs/telemetry.md lists every metric and attribute that the exporter emits, and no other', async () => {
  const page = read('telemetry.md');
  const series = (await scrapeOfAll()).filter(({ name }) => name.startsWith('latchkey_'));
  const emitted = new Set(series.map(({ name }) => name.replace(/_(count|sum|bucket)$/, '')));
  const listed = Array.from(page.matchAll(/^\| `latchkey\.[a-z._]+` \| `([a-z_]+)` \|/gm), ([, name]) => name);
  expect(listed.toSorted()).toEqual([...emitted].toSorted());
  const attributes = Array.from(page.matchAll(/^\| `([a-z.]+)` \| (?!`latchkey_)/gm), ([, name = '']) =>
    name.replaceAll('.', '_'),
  );
  const labels = new Set(series.flatMap((one) => Object.keys(one.labels).filter((label) => label !== 'le')));
  for (const label of labels) expect(attributes).toContain(label);
});
