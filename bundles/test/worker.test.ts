import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../packages/latchkey/test/servers/free-port.ts';
import { order, type RunningProgram, startProgram } from './kit/server.ts';
import { build, packages, type Workspace, workspaceWith } from './kit/workspace.ts';

const workerd = join(packages, '@cloudflare', `workerd-${process.platform}-64/bin/workerd`);

describe('in workerd, built by wrangler, a guard at module scope', () => {
  let workspace: Workspace;
  let worker: RunningProgram | undefined;
  let port: number;

  beforeAll(async () => {
    workspace = await workspaceWith({ apps: ['worker'] });
    const cwd = join(workspace.folder, 'worker');
    const env = { CI: '1', WRANGLER_SEND_METRICS: 'false' };
    const args = ['deploy', '--dry-run', '--outdir', 'out'];
    await build('wrangler/bin/wrangler.js', args, { cwd, env });
    port = await freePort();
    const serve = ['serve', 'workerd.capnp', '--socket-addr', `http=127.0.0.1:${port}`];
    worker = await startProgram({ command: workerd, args: serve, cwd, port });
  });

  afterAll(async () => {
    await worker?.[Symbol.asyncDispose]();
    workspace[Symbol.dispose]();
  });

  const answer = (number: number, item: string, charge = number) =>
    `201 ${JSON.stringify({ order: number, item, shop: 'books', charge })}`;

  it('runs a request once, replays it, and refuses another payload', async () => {
    const key = crypto.randomUUID();
    expect(await order(port, key, 'book')).toBe(answer(1, 'book'));
    expect(await order(port, key, 'book')).toBe(`${answer(1, 'book')}, replayed`);
    expect(await order(port, key, 'pen')).toMatch(/^422 .*key-reused/);
  });

  it('resumes a failed request after its last step', async () => {
    const key = crypto.randomUUID();
    expect(await order(port, key, 'broken')).toMatch(/^500 /);
    expect(await order(port, key, 'broken')).toBe(answer(3, 'broken', 2));
  });

  it('lets a duplicate wait for the first request, which runs in another workerd context', async () => {
    const key = crypto.randomUUID();
    const answers = await Promise.all([order(port, key, 'slow'), order(port, key, 'slow')]);
    expect(answers.sort()).toEqual([answer(4, 'slow'), `${answer(4, 'slow')}, replayed`]);
  });

  it('loads the client behind context.fetch when it is first used, for two requests at once', async () => {
    const keys = [crypto.randomUUID(), crypto.randomUUID()];
    const answers = await Promise.all(keys.map((key) => order(port, key, 'posted')));
    expect(answers.sort()).toEqual([answer(5, 'posted'), answer(6, 'posted')]);
  });
});
