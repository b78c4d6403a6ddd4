import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { capture } from '../../scripts/prepare/process.mjs';
import { node22, node24 } from '../../scripts/prepare/root.mjs';
import { folders } from '../src/folders.ts';

interface Job {
  readonly 'runs-on': string;
  readonly 'timeout-minutes': number;
  readonly needs?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[]>> };
  readonly steps: readonly { readonly run?: string; readonly uses?: string }[];
}

interface Workflow {
  readonly name: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

interface Form {
  readonly name: string;
  readonly description: string;
  readonly body: readonly { readonly type: string; readonly id?: string; readonly attributes: object }[];
}

const github = `${folders.root}/.github`;
const read = (path: string): unknown => parse(readFileSync(`${github}/${path}`, 'utf8'));
const workflow = (name: string) => read(`workflows/${name}`) as Workflow;

const scratch = mkdtempSync(join(tmpdir(), 'latchkey-smoke-'));
afterAll(() => rmSync(scratch, { recursive: true }));

describe.each(readdirSync(`${github}/workflows`))('the workflow %s', (name) => {
  const { jobs, permissions } = workflow(name);

  it('has a time limit for each job, and rights that it needs', () => {
    expect(permissions).toEqual({ contents: 'read' });
    for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeLessThanOrEqual(90);
    for (const { needs } of Object.values(jobs)) if (needs !== undefined) expect(Object.keys(jobs)).toContain(needs);
  });

  it('runs scripts that exist', () => {
    const commands = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
    const scripts = commands.flatMap((command) =>
      Array.from(command.matchAll(/(?:\.\.\/)?(scripts\/\S+)/g), ([, file = '']) => file),
    );
    expect(commands.length).toBeGreaterThan(2);
    for (const file of scripts) expect(existsSync(join(folders.root, file)), file).toBe(true);
  });

  it('uses actions of a version', () => {
    const used = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []));
    for (const action of used) expect(action).toMatch(/^actions\/[a-z-]+@v\d+$/);
  });
});

it('the tests run on the oldest, the present and the newest Node, and a smoke test on Windows and macOS', () => {
  const { all, smoke } = workflow('test.yml').jobs;
  expect(all?.strategy?.matrix).toEqual({ node: ['22', '24', 'current'] });
  expect(all?.steps.at(-1)?.run).toBe('npm test');
  expect(smoke?.strategy?.matrix).toEqual({ os: ['windows-latest', 'macos-latest'], node: ['22', '24', 'latest'] });
});

it('a release is tested, and published with provenance by a job that may prove its identity', () => {
  const { publish } = workflow('release.yml').jobs;
  expect(publish?.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
  const commands = publish?.steps.flatMap(({ run }) => run ?? []);
  expect(commands?.slice(-2)).toEqual(
    ['latchkey', 'cli'].map((name) => `npm publish --workspace packages/${name} --provenance --access public`),
  );
  expect(commands).toContain('npm test');
});

it('a release whose tag, version and changelog differ is refused', async () => {
  const { version } = JSON.parse(readFileSync(`${folders.root}/packages/latchkey/package.json`, 'utf8'));
  const script = `${folders.root}/scripts/release-version.mjs`;
  const wrong = await capture(node24, [script, 'v99.0.0']);
  expect(wrong).toEqual({ ok: false, output: `The tag is v99.0.0 and the version of the package ${version}.\n` });
  const isDated = readFileSync(`${folders.root}/CHANGELOG.md`, 'utf8').includes(`## ${version} (20`);
  expect((await capture(node24, [script, `v${version}`])).ok).toBe(isDated);
});

describe.each(readdirSync(`${github}/ISSUE_TEMPLATE`).filter((name) => name !== 'config.yml'))(
  'the form %s',
  (name) => {
    it('has a name, a description and fields with labels', () => {
      const { name: title, description, body } = read(`ISSUE_TEMPLATE/${name}`) as Form;
      expect([title, description]).toEqual([expect.stringMatching(/\w/), expect.stringMatching(/\w/)]);
      const fields = body.filter(({ type }) => type !== 'markdown');
      expect(fields.length).toBeGreaterThan(0);
      for (const { type, id, attributes } of fields) {
        expect(['dropdown', 'input', 'textarea']).toContain(type);
        expect([id, attributes]).toEqual([
          expect.stringMatching(/^[a-z]+$/),
          expect.objectContaining({ label: expect.any(String) }),
        ]);
      }
      expect(new Set(fields.map(({ id }) => id)).size).toBe(fields.length);
    });
  },
);

it('forms cannot be passed by, and vulnerabilities are reported privately', () => {
  expect(read('ISSUE_TEMPLATE/config.yml')).toMatchObject({
    blank_issues_enabled: false,
    contact_links: [{ url: 'https://github.com/latchkey/latchkey/security/advisories/new' }, {}],
  });
});

it.each([
  ['Node 24', node24],
  ['Node 22', node22],
])('the smoke test passes on this system, on %s', async (name, node) => {
  const folder = join(scratch, name);
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  symlinkSync(`${folders.root}/packages/latchkey`, join(folder, 'node_modules/latchkey'));
  symlinkSync(`${folders.root}/node_modules/express`, join(folder, 'node_modules/express'));
  const { output } = await capture(node, [`${folders.root}/scripts/smoke.mjs`], { cwd: folder });
  expect(output).toBe('The package runs an operation once, and replays its answer after a kill.\n');
});
