import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runTool, workspaceWith } from './kit/workspace.ts';

it('plain Jest requires every subpath, and guards a server', async () => {
  using workspace = await workspaceWith({ apps: ['jest'] });
  const cwd = join(workspace.folder, 'jest');
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ private: true, jest: { testEnvironment: 'node' } }));
  const { code, output } = await runTool('jest/bin/jest.js', ['--ci', '--no-cache', '--runInBand'], { cwd });
  expect({ code, output }).toMatchObject({ code: 0, output: expect.stringMatching(/Tests: +3\d passed, 3\d total/) });
});
