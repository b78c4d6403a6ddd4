import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../packages/latchkey/test/servers/free-port.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The oldest release of Nest that is supported, compiled to CommonJS, and the newest, as ES modules. */
const releases = [
  { release: 'nest11', type: 'commonjs' },
  { release: 'nest12', type: 'module' },
];

const compilerOptions = {
  ...{ module: 'nodenext', target: 'es2023', types: ['node'], outDir: 'dist', rootDir: '.' },
  ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, skipLibCheck: true },
  ...{ experimentalDecorators: true, emitDecoratorMetadata: true },
};

/** A strict project in which the packed library is installed, beside one release of Nest. */
async function projectOf(release: string, type: string): Promise<string> {
  const parent = join(root, 'tools', release, '.work');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'run-'));
  const library = join(root, 'packages/latchkey');
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: library });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'nothing was packed';
  mkdirSync(join(folder, 'node_modules'));
  await run('tar', ['xzf', tarball, '-C', 'node_modules'], { cwd: folder });
  renameSync(join(folder, 'node_modules/package'), join(folder, 'node_modules/latchkey'));
  for (const program of ['shop.ts', 'documents.ts'])
    cpSync(join(root, 'tools/nest/app', program), join(folder, program));
  cpSync(join(root, 'examples/nest/main.ts'), join(folder, 'example.ts'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type }));
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['shop.ts', 'documents.ts', 'example.ts'] }),
  );
  return folder;
}

/** Starts a program, which must print a line with its origin. */
async function startProgram(
  folder: string,
  program: string,
  env: NodeJS.ProcessEnv,
  listening = /listening on (\S+)/,
): Promise<{ child: ChildProcess; origin: string }> {
  const child = spawn(process.execPath, ['--no-warnings', `dist/${program}.js`], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const origin = listening.exec(line)?.[1];
    if (origin !== undefined) return { child, origin };
  }
  throw new Error(`${program} did not start`);
}

/** The operations with the header of the key, whether it is required, and how long answers are kept. */
function guardedIn(document: { paths: Record<string, Record<string, Operation>> }): object {
  const found: Record<string, object> = {};
  for (const [path, item] of Object.entries(document.paths))
    for (const [method, { parameters = [], 'x-idempotency': promise }] of Object.entries(item))
      for (const { name, required } of parameters)
        if (name === 'Idempotency-Key')
          found[`${method.toUpperCase()} ${path}`] = { required, retention: promise?.retention.answer };
  return found;
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly required: boolean }[];
  readonly 'x-idempotency'?: { readonly retention: { readonly answer: string } };
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'exit');
}

describe.each(releases)('$release, as $type', ({ release, type }) => {
  let folder: string;

  beforeAll(async () => {
    folder = await projectOf(release, type);
    const tsc = join(root, 'tools', release, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [tsc, '-p', folder]).catch(({ stdout }) => expect(stdout).toBe(''));
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe.each(['express', 'fastify'])('on %s', (platform) => {
    let child: ChildProcess;
    let origin: string;

    beforeAll(async () => {
      ({ child, origin } = await startProgram(folder, 'shop', { PLATFORM: platform }));
    });

    afterAll(() => stop(child));

    async function post(path: string, key: string, body: object) {
      const headers = { 'Content-Type': 'application/json', Authorization: 'secret', 'Idempotency-Key': `"${key}"` };
      const response = await fetch(origin + path, { method: 'POST', headers, body: JSON.stringify(body) });
      return {
        status: response.status,
        text: await response.text(),
        mark: response.headers.get('idempotency-status'),
        house: response.headers.get('x-house'),
      };
    }

    const mutate = (key: string, query: string) => post('/graphql', key, { query: `mutation { ${query} }` });

    it('runs a request once, replays it, and refuses another payload', async () => {
      const first = await post('/charges', 'c-1', { amount: 1 });
      expect(first).toMatchObject({ status: 201, mark: 'executed', text: '{"run":1,"attempt":1}' });
      expect(await post('/charges', 'c-1', { amount: 1 })).toEqual({ ...first, mark: 'replayed' });
      expect(await post('/charges', 'c-1', { amount: 2 })).toMatchObject({ status: 422 });
    });

    it('replays the answer of an exception filter', async () => {
      const first = await post('/charges', 'c-2', { amount: 5000 });
      expect(first).toEqual({ status: 402, mark: 'executed', text: '{"declined":"5000"}', house: 'style' });
      expect(await post('/charges', 'c-2', { amount: 5000 })).toEqual({ ...first, mark: 'replayed' });
    });

    it('replays the errors of a ValidationPipe', async () => {
      const first = await post('/charges', 'c-3', { amount: 'much' });
      expect(first).toMatchObject({
        status: 400,
        mark: 'executed',
        text: expect.stringContaining('must be an integer'),
      });
      expect(await post('/charges', 'c-3', { amount: 'much' })).toEqual({ ...first, mark: 'replayed' });
    });

    it('guards mutations by the header, and replays errors under refuse', async () => {
      const first = await mutate('m-1', 'order(item: "cup")');
      expect(JSON.parse(first.text).data.order).toBeGreaterThan(0);
      expect(first.mark).toBe('executed');
      expect(await mutate('m-1', 'order(item: "cup")')).toEqual({ ...first, mark: 'replayed' });
      expect(await mutate('m-1', 'order(item: "jug")')).toMatchObject({ status: 422 });
      const failed = await mutate('m-2', 'order(item: "nothing")');
      expect(JSON.parse(failed.text).errors[0].message).toBe('sold out');
      expect(await mutate('m-2', 'order(item: "nothing")')).toEqual({ ...failed, mark: 'replayed' });
    });

    it('guards mutations by an argument, and runs again after errors under rerun', async () => {
      const first = await mutate('x-1', 'reorder(item: "cup", key: "m-3")');
      expect(first.mark).toBe('executed');
      expect(await mutate('x-2', 'reorder(item: "cup", key: "m-3")')).toEqual({ ...first, mark: 'replayed' });
      const runs = async () => JSON.parse((await post('/graphql', 'q', { query: '{ runs }' })).text).data.runs;
      const before = await runs();
      for (let attempt = 0; attempt < 2; attempt += 1)
        expect(JSON.parse((await mutate('x-3', 'reorder(item: "nothing", key: "m-4")')).text).errors).toHaveLength(1);
      expect(await runs()).toBe(before + 2);
    });

    it('R50 gives a revoked token 401 and no stored body', async () => {
      await post('/charges', 'c-9', { amount: 1 });
      expect((await post('/revoke', 'r-1', {})).status).toBe(201);
      const refused = await post('/charges', 'c-9', { amount: 1 });
      expect(refused).toMatchObject({ status: 401, mark: null });
      expect(refused.text).not.toContain('run');
    });

    it('describes the guarded handlers in the document of @nestjs/swagger', async () => {
      const env = { ...process.env, PLATFORM: platform };
      const { stdout } = await run(process.execPath, ['--no-warnings', 'dist/documents.js'], { cwd: folder, env });
      const { decorated, global, sharing, earlier, empty } = JSON.parse(stdout);
      expect(guardedIn(decorated)).toEqual({
        'POST /api/v1/orders': { required: true, retention: 'PT1H' },
        'PUT /api/v1/orders/{id}': { required: false, retention: 'PT1H' },
        'POST /api/events/any': { required: false, retention: 'P1D' },
        'PATCH /api/events/any': { required: false, retention: 'P1D' },
        'POST /api/news': { required: false, retention: 'PT2H' },
        'POST /api/notes': { required: false, retention: 'PT2H' },
      });
      expect(decorated.paths['/api/v1/orders'].post).toMatchObject({
        'x-internal': true,
        responses: { 201: { description: 'The order.', headers: { 'Idempotency-Status': {} } }, 422: {} },
      });
      expect(Object.keys(guardedIn(global))).toEqual([
        'POST /api/v1/orders',
        'PUT /api/v1/orders/{id}',
        'POST /api/events',
        'POST /api/events/any',
        'PATCH /api/events/any',
      ]);
      expect(stdout.includes('x-latchkey')).toBe(false);
      expect(sharing.error).toContain('controllers with different options inherit the handler publish');
      expect(earlier.error).toContain('describeNest: create the document inside the function.');
      expect(empty).toMatchObject({ paths: {} });
      expect(empty.error).toBeUndefined();
    });

    it('does not start with a wrong forRootAsync', async () => {
      const env = { ...process.env, PLATFORM: platform, WRONG: 'yes' };
      const started = run(process.execPath, ['--no-warnings', 'dist/shop.js'], { cwd: folder, env });
      await expect(started).rejects.toMatchObject({
        stderr: expect.stringContaining('principal must be a function that returns the account'),
      });
    });
  });

  it('runs the example', async () => {
    const port = await freePort();
    const env = { PORT: String(port), DATABASE: join(folder, 'orders.db') };
    const { child } = await startProgram(folder, 'example', env, /(successfully started)/);
    const origin = `http://127.0.0.1:${port}`;
    await expect.poll(() => fetch(origin).then(Boolean, () => false)).toBe(true);
    const order = async (authorization: string) => {
      const headers = { 'Content-Type': 'application/json', Authorization: authorization, 'Idempotency-Key': '"o-1"' };
      const response = await fetch(`${origin}/orders`, { method: 'POST', headers, body: '{"item":"lamp"}' });
      return [response.status, await response.text(), response.headers.get('idempotency-status')];
    };
    expect(await order('Bearer secret')).toEqual([201, '{"id":1,"item":"lamp"}', 'executed']);
    expect(await order('Bearer secret')).toEqual([201, '{"id":1,"item":"lamp"}', 'replayed']);
    expect((await order('Bearer other'))[0]).toBe(403);
    await stop(child);
  });
});
