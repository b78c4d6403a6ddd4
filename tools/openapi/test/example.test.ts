import { execFile } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { validate } from '@scalar/openapi-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServerProcess } from '../../../examples/payments/test/support/server-process.ts';

const run = promisify(execFile);
const project = fileURLToPath(new URL('..', import.meta.url));

let server: ServerProcess;
/** A folder with the document of the running example, and the types that are generated from it. */
let folder: string;

beforeAll(async () => {
  server = await ServerProcess.start('supervisor');
  mkdirSync(join(project, '.work'), { recursive: true });
  folder = mkdtempSync(join(project, '.work/run-'));
  cpSync(join(project, 'app'), folder, { recursive: true });
  writeFileSync(join(folder, 'openapi.json'), await (await fetch(`${server.url}/openapi.json`)).text());
  await tool('openapi-typescript/bin/cli.js', 'openapi.json', '--output', 'api.d.ts');
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.remove();
});

/** Runs a program of the project in the folder, without requests to its makers. */
function tool(program: string, ...args: string[]) {
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  return run(process.execPath, [join(project, 'node_modules', program), ...args], { cwd: folder, env });
}

/** Compiles files in strict mode; returns the compiler's messages. */
async function compile(files: string): Promise<string> {
  const found = globSync(files, { cwd: folder }).sort();
  const options = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--skipLibCheck'];
  const target = ['--target', 'es2023', '--module', 'nodenext', '--typeRoots', '../../../../node_modules/@types'];
  const compiled = tool('typescript/bin/tsc', ...found, ...options, ...target, '--types', 'node', '--pretty', 'false');
  return compiled.then(
    () => '',
    ({ stdout }) => String(stdout),
  );
}

describe('the document of the payments example', () => {
  it('is valid by @scalar/openapi-parser', async () => {
    const document = await (await fetch(`${server.url}/openapi.json`)).text();
    expect(await validate(document)).toMatchObject({ valid: true, version: '3.1' });
  });

  it('has no error and no warning by the recommended rules of redocly lint', async () => {
    const { stdout } = await tool(
      '@redocly/cli/bin/cli.js',
      ...['lint', 'openapi.json', '--extends', 'recommended', '--format', 'json'],
    );
    expect(JSON.parse(stdout)).toMatchObject({ totals: { errors: 0, warnings: 0, ignored: 0 } });
  });
});

describe('a client that openapi-typescript generates from it', () => {
  it('compiles, orders once, and sees the marks and the code of a reused key', async () => {
    expect(await compile('client.ts')).toBe('');
    const { stdout } = await run(process.execPath, [join(folder, 'client.js'), server.url]);
    const { first, again, other } = JSON.parse(stdout);
    expect(first).toMatchObject({ status: 200, marks: { 'Idempotency-Status': 'executed' } });
    expect(again).toEqual({
      ...first,
      marks: { 'Idempotency-Status': 'replayed', 'Idempotent-Replayed': 'true' },
    });
    expect(other).toMatchObject({ status: 400, code: 'key-reused' });
  });

  it('does not compile a client without the required key, or with a code or mark that the guard does not send', async () => {
    const messages = (await compile('wrong/*.ts')).split('\n').filter((line) => line.startsWith('wrong/'));
    expect(messages).toEqual([
      expect.stringMatching(/^wrong\/number-as-status\.ts.*: Type 'number' is not assignable to type 'string'\.$/),
      expect.stringMatching(
        /^wrong\/other-code\.ts.*"busy"' is not assignable to type '"in-progress" \| "outcome-unknown"'/,
      ),
      expect.stringMatching(/^wrong\/other-mark\.ts.*"false"' is not assignable to type '"true"'/),
      expect.stringMatching(/^wrong\/without-key\.ts.*Property '"Idempotency-Key"' is missing/),
      expect.stringMatching(/^wrong\/without-parameters\.ts.*params: .*"Idempotency-Key": string/),
    ]);
  });
});
