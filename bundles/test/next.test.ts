import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../packages/latchkey/test/servers/free-port.ts';
import { order, type RunningProgram, startProgram } from './kit/server.ts';
import { type Servers, startServers } from './kit/servers.ts';
import { build, packages, type Workspace, workspaceWith } from './kit/workspace.ts';

const next = 'next/dist/bin/next';

describe('a route handler of Next, built by Turbopack,', () => {
  let servers: Servers;
  let workspace: Workspace;
  let cwd: string;
  let charges: string;
  let port: number;
  let app: RunningProgram | undefined;

  async function start(): Promise<RunningProgram> {
    const env = {
      ...servers.env,
      ...{ NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production', LEASE_MS: '2000', CHARGES: charges },
      SQLITE_FILE: join(workspace.folder, 'records.db'),
    };
    const args = [join(packages, next), 'start', '--hostname', '127.0.0.1', '--port', String(port)];
    return startProgram({ command: process.execPath, args, cwd, port, env });
  }

  beforeAll(async () => {
    [servers, workspace] = await Promise.all([startServers(), workspaceWith({ apps: ['next'] })]);
    cwd = join(workspace.folder, 'next');
    charges = join(workspace.folder, 'charges');
    const env = { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production', CI: '1' };
    await build(next, ['build', '--turbopack'], { cwd, env });
    port = await freePort();
    app = await start();
  }, 300_000);

  afterAll(async () => {
    await app?.[Symbol.asyncDispose]();
    workspace[Symbol.dispose]();
    await servers[Symbol.asyncDispose]();
  });

  describe.each(['sqlite', 'redis', 'postgres', 'mariadb'])('on %s', (store) => {
    const answer = (item: string, attempt: number) => `201 ${JSON.stringify({ item, store, attempt })}`;

    it('runs a request once, replays it, and refuses another payload', async () => {
      const key = crypto.randomUUID();
      const send = (item: string) => order(port, key, item, `/orders/${store}`);
      expect(await send('book')).toBe(answer('book', 1));
      expect(await send('book')).toBe(`${answer('book', 1)}, replayed`);
      expect(await send('pen')).toMatch(/^422 .*key-reused/);
    });

    it('is charged once when the process is killed after the charge', async () => {
      writeFileSync(charges, '');
      const key = crypto.randomUUID();
      const send = () => order(port, key, 'crash', `/orders/${store}`);
      await expect(send()).rejects.toThrow();
      await app?.[Symbol.asyncDispose]();
      app = await start();
      await expect.poll(send).toBe(answer('crash', 2));
      expect(await send()).toBe(`${answer('crash', 2)}, replayed`);
      expect(readFileSync(charges, 'utf8').trim().split('\n')).toHaveLength(1);
    });
  });
});
