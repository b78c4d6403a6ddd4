import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actionTests, fieldTests } from './kit/next-actions.ts';
import { NextApp } from './kit/next-app.ts';
import { browserTests } from './kit/next-browser.ts';
import { suiteTests } from './kit/next-suite.ts';
import { order } from './kit/server.ts';
import { type Servers, startServers } from './kit/servers.ts';
import { runProgram } from './kit/workspace.ts';

const versions = [
  {
    title: 'Next 16, built by Turbopack',
    version: { project: '.', build: ['build', '--turbopack'] },
    stores: ['sqlite', 'redis', 'postgres', 'mariadb'],
  },
  {
    title: 'Next 15, built by webpack',
    version: { project: 'next15', build: ['build'] },
    stores: ['sqlite'],
  },
];

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers[Symbol.asyncDispose]());

describe.each(versions)('$title', ({ version, stores }) => {
  let app: NextApp;
  beforeAll(async () => {
    app = await NextApp.build(version, servers.env);
  }, 300_000);
  afterAll(() => app?.[Symbol.asyncDispose]());

  describe.each(stores)('a route handler on %s', (store) => {
    const answer = (item: string, attempt: number) => `201 ${JSON.stringify({ item, store, attempt })}`;

    it('runs a request once, replays it, and refuses another payload', async () => {
      const key = crypto.randomUUID();
      const send = (item: string) => order(app.port, key, item, `/by-store/${store}`);
      expect(await send('book')).toBe(answer('book', 1));
      expect(await send('book')).toBe(`${answer('book', 1)}, replayed`);
      expect(await send('pen')).toMatch(/^422 .*key-reused/);
    });

    it('is charged once when the process is killed after the charge', async () => {
      writeFileSync(join(app.folder, 'charges'), '');
      const key = crypto.randomUUID();
      const send = () => order(app.port, key, 'crash', `/by-store/${store}`);
      await expect(send()).rejects.toThrow();
      await app.stop();
      await app.start();
      await expect.poll(send).toBe(answer('crash', 2));
      expect(await send()).toBe(`${answer('crash', 2)}, replayed`);
      expect(app.lines('charges')).toHaveLength(1);
    });
  });

  it.each([
    ['import', 'module', "await import('latchkey/next')"],
    ['require', 'commonjs', "require('latchkey/next')"],
  ])('the library loads by %s in Node, as a package that is not bundled', async (_way, type, load) => {
    const args = ['--no-warnings', `--input-type=${type}`, '--eval', `console.log(Object.keys(${load}).sort().join())`];
    const { output } = await runProgram(process.execPath, args, { cwd: app.folder });
    expect(output).toMatch(/^IdempotencyField,(?:__esModule,)?idempotency,idempotentAction\n$/);
  });

  it('an API route of pages/ is charged once, under the guard of latchkey/node', async () => {
    const [key, item] = [crypto.randomUUID(), crypto.randomUUID()];
    const send = (wanted: string) => order(app.port, key, wanted, '/api/charges');
    const first = await send(item);
    expect(first).toMatch(/^201 /);
    expect(await send(item)).toBe(`${first}, replayed`);
    expect(await send('pen')).toMatch(/^422 .*key-reused/);
    expect(app.lines('charges').filter((line) => line === item)).toHaveLength(1);
  });

  actionTests(() => app);
  fieldTests(() => app);
  browserTests(() => app);
  if (stores.length > 1) suiteTests(() => app);
});
