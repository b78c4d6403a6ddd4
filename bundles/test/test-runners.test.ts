import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, packages, runProgram, type Workspace, workspaceWith } from './kit/workspace.ts';

const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));

const runners = {
  jest: [join(packages, 'jest/bin/jest.js'), '--ci', '--no-cache', '--runInBand'],
  vitest: [vitest, 'run', '--root', '.', '--reporter=verbose'],
  'node:test': ['--test', '--test-reporter=spec', 'node.test.mjs'],
};

let workspace: Workspace;

beforeAll(async () => {
  workspace = await workspaceWith({ apps: ['testing'] });
  const manifest = { private: true, jest: { testEnvironment: 'node', testMatch: ['**/jest.test.js'] } };
  writeFileSync(join(workspace.folder, 'testing/package.json'), JSON.stringify(manifest));
  const config = "export default { test: { include: ['vitest.test.mjs'] } };";
  writeFileSync(join(workspace.folder, 'testing/vitest.config.mjs'), config);
});

afterAll(() => workspace[Symbol.dispose]());

describe.each(Object.entries(runners))('expectOnce in a test of %s', (_name, args) => {
  const run = (CARELESS: string): Promise<Outcome> =>
    runProgram(process.execPath, args, {
      cwd: join(workspace.folder, 'testing'),
      // The runner must not take itself for a part of the one that runs this test.
      env: { CARELESS, VITEST: undefined, VITEST_WORKER_ID: undefined, NODE_TEST_CONTEXT: undefined, NO_COLOR: '1' },
    });

  it('passes for an application that charges once', async () => {
    expect(await run('0')).toMatchObject({ code: 0 });
  });

  it('fails for one that charges twice, and shows both lists', async () => {
    const { code, output } = await run('1');
    expect(code).toBe(1);
    expect(output).toContain('its effects must be those of one request');
    expect(output).toContain('charges once');
    expect(output).toMatch(/\+ +2000/);
  });
});
