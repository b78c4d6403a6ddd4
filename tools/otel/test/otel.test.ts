import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { seriesOf, sumOf } from '../../../packages/latchkey/test/otel/exposition.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A folder with the packed library, beside one release of the SDK. */
async function projectOf(release: string): Promise<string> {
  const parent = join(root, 'tools', release, '.work');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'run-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {
    cwd: join(root, 'packages/latchkey'),
  });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'nothing was packed';
  mkdirSync(join(folder, 'node_modules'));
  await run('tar', ['xzf', tarball, '-C', 'node_modules'], { cwd: folder });
  renameSync(join(folder, 'node_modules/package'), join(folder, 'node_modules/latchkey'));
  cpSync(join(root, 'tools/otel/app/shop.mjs'), join(folder, 'shop.mjs'));
  return folder;
}

/** The oldest release of the API that is supported, with an SDK of its time, and the newest. */
const releases = [
  { release: 'otel1', api: '1.4.0' },
  { release: 'otel3', api: '1.10.0' },
];

it.each(releases)('$release: metrics and spans reach an SDK on version $api of the API', async ({ release, api }) => {
  const manifest = join(root, 'tools', release, 'node_modules/@opentelemetry/api/package.json');
  expect(JSON.parse(readFileSync(manifest, 'utf8')).version).toBe(api);
  const cwd = await projectOf(release);
  const env = { ...process.env, RELEASE: release };
  const { stdout } = await run(process.execPath, ['--no-warnings', 'shop.mjs'], { cwd, env });
  const { scraped, traced } = JSON.parse(stdout);
  const series = seriesOf(scraped);
  const requests = (outcome: string) =>
    sumOf(series, 'latchkey_requests_total', {
      http_request_method: 'POST',
      latchkey_operation: 'POST /charges',
      latchkey_outcome: outcome,
    });
  expect([requests('executed'), requests('replayed'), requests('mismatch')]).toEqual([1, 2, 1]);
  expect(sumOf(series, 'latchkey_duplicates_prevented_total')).toBe(2);
  expect(sumOf(series, 'latchkey_store_duration_count', { latchkey_call: 'claim' })).toBe(4);
  expect(series).toContainEqual(expect.objectContaining({ name: 'latchkey_unknown_outcomes', value: 0 }));
  const name = 'latchkey POST /charges';
  expect(traced).toEqual(
    ['executed', 'replayed', 'replayed', 'mismatch'].map((outcome) => ({ name, outcome, status: 0, isChild: true })),
  );
});
