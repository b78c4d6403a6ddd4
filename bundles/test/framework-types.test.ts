import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packages, runTool, type Workspace, workspaceWith } from './kit/workspace.ts';

/** Applications, and the further types of their projects. */
const applications = {
  'next.ts': { lib: ['es2023', 'dom', 'dom.iterable'], types: ['node'], typeRoots: [join(packages, '@types')] },
  'next-actions.tsx': {
    ...{ lib: ['es2023', 'dom', 'dom.iterable'], types: ['node'], typeRoots: [join(packages, '@types')] },
    ...{ jsx: 'react-jsx', exactOptionalPropertyTypes: true },
  },
  'koa.ts': { lib: ['es2023'], types: ['node'], typeRoots: [join(packages, '@types')] },
  'worker.ts': { lib: ['es2023'], types: ['@cloudflare/workers-types'] },
  'lambda.ts': { lib: ['es2023'], types: ['node', 'aws-lambda'], typeRoots: [join(packages, '@types')] },
};

const cases = Object.entries(applications).flatMap(([file, options]) =>
  ['typescript59', 'typescript'].map((compiler) => ({ file, compiler, options })),
);

describe("guards under the framework's own types", () => {
  let workspace: Workspace;

  beforeAll(async () => {
    workspace = await workspaceWith({ apps: ['types'] });
  });

  afterAll(() => workspace[Symbol.dispose]());

  /** Compiles one file and returns the compiler's output. */
  function compile(compiler: string, file: string, options: object): Promise<{ code: number; output: string }> {
    const compilerOptions = {
      ...{ module: 'esnext', moduleResolution: 'bundler', target: 'es2022' },
      ...{ noEmit: true, strict: true, skipLibCheck: true, ...options },
    };
    const project = join(workspace.folder, 'types/tsconfig.json');
    writeFileSync(project, JSON.stringify({ compilerOptions, files: [file] }));
    return runTool(`${compiler}/bin/tsc`, ['-p', project], { cwd: workspace.folder });
  }

  it.each(cases)('takes the handlers of $file in $compiler', async ({ file, compiler, options }) => {
    expect(await compile(compiler, file, options)).toEqual({ code: 0, output: '' });
  });

  it("knows the members of Next's request", async () => {
    const text = readFileSync(join(workspace.folder, 'types/next.ts'), 'utf8');
    writeFileSync(join(workspace.folder, 'types/wrong.ts'), text.replaceAll('.nextUrl.pathname', '.nextUrl.path'));
    const { output } = await compile('typescript', 'wrong.ts', applications['next.ts']);
    expect(output.match(/Property 'path' does not exist on type 'NextURL'/g)).toHaveLength(3);
  });
});
