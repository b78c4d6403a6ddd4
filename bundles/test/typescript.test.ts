import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packages, runTool, type Workspace, workspaceWith } from './kit/workspace.ts';

/** TypeScript's ways to resolve a module, and the kind of file for each. */
const modes = [
  { moduleResolution: 'node10', module: 'commonjs', file: 'main.ts' },
  { moduleResolution: 'node16', module: 'node16', file: 'main.mts' },
  { moduleResolution: 'node16', module: 'node16', file: 'main.cts' },
  { moduleResolution: 'nodenext', module: 'nodenext', file: 'main.mts' },
  { moduleResolution: 'nodenext', module: 'nodenext', file: 'main.cts' },
  { moduleResolution: 'bundler', module: 'esnext', file: 'main.ts' },
];

/** TypeScript 7 no longer has node10. */
const compilers = [
  { name: 'typescript54', modes },
  { name: 'typescript59', modes },
  { name: 'typescript', modes: modes.slice(1) },
];

const cases = compilers.flatMap(({ name, modes }) => modes.map((mode) => ({ name, ...mode })));

const use = `
import { createServer } from 'node:http';
import { LatchkeyError } from 'latchkey';
import { memoryStore } from 'latchkey/memory';
import { idempotency } from 'latchkey/node';

const guard = idempotency({ store: memoryStore(), principal: (request) => request.headers['x-account']?.toString() });
export const server = createServer(guard.wrap((request, response) => {
  const operationId: string = guard.context(request).operationId;
  response.end(operationId);
}));
export const code: LatchkeyError['code'] = 'key-reused';
// @ts-expect-error: an unresolved import would be any and accept this.
memoryStore({ size: 1 });
`;

describe('types', () => {
  let workspace: Workspace;

  beforeAll(async () => {
    workspace = await workspaceWith({ apps: [] });
    const { exports } = JSON.parse(readFileSync(join(workspace.folder, 'node_modules/latchkey/package.json'), 'utf8'));
    const subpaths = Object.keys(exports).filter((subpath) => !subpath.endsWith('.json'));
    const all = subpaths.map((path, index) => `export * as entry${index} from 'latchkey${path.slice(1)}';`);
    for (const name of ['main.ts', 'main.mts', 'main.cts'])
      writeFileSync(join(workspace.folder, name), [use, ...all].join('\n'));
  });

  afterAll(() => workspace[Symbol.dispose]());

  it.each(cases)('of every subpath resolve in $name, $moduleResolution, $file', async (given) => {
    const { name, module, moduleResolution, file } = given;
    const compilerOptions = {
      ...{ module, moduleResolution, noEmit: true, strict: true, skipLibCheck: true, target: 'es2022' },
      ...{ types: ['node'], typeRoots: [join(packages, '@types')] },
    };
    const project = join(workspace.folder, 'tsconfig.json');
    writeFileSync(project, JSON.stringify({ compilerOptions, files: [file] }));
    const outcome = await runTool(`${name}/bin/tsc`, ['-p', project], { cwd: workspace.folder });
    expect(outcome).toEqual({ code: 0, output: '' });
  });
});
