import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { expectedOfDrivers } from './kit/expected.ts';
import { startServers } from './kit/servers.ts';
import { packages, runProgram, workspaceWith } from './kit/workspace.ts';

/** The oldest release in the peer range of each package, by its name in this project. */
const oldest = {
  express: 'express417',
  fastify: 'fastify50',
  hono: 'hono40',
  ioredis: 'ioredis51',
  koa: 'koa30',
  mysql2: 'mysql2311',
  pg: 'pg811',
  postgres: 'postgres340',
  redis: 'redis46',
};

const versionIn = (folder: string): string => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;

it('every store and every adapter works with the oldest release that its peer range names', async () => {
  await using servers = await startServers();
  using workspace = await workspaceWith({ apps: ['drivers'] });
  const { peerDependencies } = JSON.parse(
    readFileSync(join(workspace.folder, 'node_modules/latchkey/package.json'), 'utf8'),
  );
  for (const [name, alias] of Object.entries(oldest)) {
    const folder = join(packages, alias);
    const first = /\d[\d.]*/.exec(peerDependencies[name])?.[0];
    expect(`${versionIn(folder)}.`).toContain(`${first}.`);
    symlinkSync(folder, join(workspace.folder, 'node_modules', name));
  }
  const env = { ...servers.env, SQLITE_FILE: join(workspace.folder, 'records.db') };
  const { output } = await runProgram(process.execPath, ['--no-warnings', 'drivers/main.mjs'], {
    cwd: workspace.folder,
    env,
  });
  expect(output.startsWith('{') ? JSON.parse(output) : output).toEqual(expectedOfDrivers);
});
