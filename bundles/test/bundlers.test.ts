import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundler, bundlers } from './kit/bundlers.ts';
import { expectedOfDrivers } from './kit/expected.ts';
import { type Servers, startServers } from './kit/servers.ts';
import { runProgram, type Workspace, workspaceWith } from './kit/workspace.ts';

let servers: Servers;
let workspace: Workspace;
let alone: Workspace;
/** Outside of any node_modules, so that a bundle only runs with its own content. */
let elsewhere: string;

beforeAll(async () => {
  elsewhere = mkdtempSync(join(tmpdir(), 'latchkey-bundles-'));
  [servers, workspace, alone] = await Promise.all([
    startServers(),
    workspaceWith({ apps: ['drivers'] }),
    workspaceWith({ apps: ['url'], parent: tmpdir() }),
  ]);
});

afterAll(async () => {
  workspace[Symbol.dispose]();
  alone[Symbol.dispose]();
  rmSync(elsewhere, { recursive: true });
  await servers[Symbol.asyncDispose]();
});

async function bundled(bundler: Bundler, { folder }: Workspace, app: string): Promise<unknown> {
  const out = mkdtempSync(join(elsewhere, 'out-'));
  const built = await bundler.bundle({ folder, entry: `${app}/main.mjs`, out });
  expect(built).toMatchObject({ code: 0 });
  const env = { ...servers.env, SQLITE_FILE: join(out, 'records.db') };
  const { output } = await runProgram(process.execPath, ['--no-warnings', join(out, bundler.main)], { cwd: out, env });
  return output.startsWith('[') || output.startsWith('{') ? JSON.parse(output) : output;
}

describe.each(Object.entries(bundlers))('bundled by %s', (_name, bundler) => {
  it('every store and every adapter runs a request once and replays it', async () => {
    expect(await bundled(bundler, workspace, 'drivers')).toEqual(expectedOfDrivers);
  });

  it('storeFromUrl needs no driver that is not used', async () => {
    const missing = Array.from({ length: 4 }, () => 'driver-missing');
    expect(await bundled(bundler, alone, 'url')).toEqual([...missing, 'memory']);
  });
});
