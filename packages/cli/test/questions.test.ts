import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { recordIdOf } from 'latchkey/operator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rig } from './rig.ts';
import { installedCommand, onTerminal } from './terminal.ts';

let on: Awaited<ReturnType<typeof rig>>;
let command: Awaited<ReturnType<typeof installedCommand>>;
let env: Record<string, string>;
beforeEach(async () => {
  on = await rig();
  command = await installedCommand();
  env = { PATH: command.path, LATCHKEY_STORE: on.url };
});
afterEach(async () => {
  await on.end();
  await command.remove();
});

const person = ['--who', 'ann', '--why', "'nothing happened'"].join(' ');

describe('a question on a terminal', () => {
  it.each([
    ['Ctrl-C', '\u0003'],
    ['the end of the input', '\u0004'],
    ['another answer', 'nope'],
    ['no answer', ''],
  ])('is answered with no by %s', async (_, typed) => {
    const reference = await on.lapse('a');
    const line = `latchkey resolve ${reference} --forget ${person}`;
    const { code, text } = await onTerminal(line, env, [['its key is new? [y/N]', typed]]);
    expect(code).toBe(1);
    expect(text).toContain('Nothing was changed.');
    expect(await on.store.read('a')).toBeDefined();
  });

  it.each([
    ['Who decides', '', 'Why, for the audit'],
    ['Why', '--who ann --yes', 'Done'],
  ])('is not followed by another one after Ctrl-C at %s', async (question, options, next) => {
    const reference = await on.lapse('a');
    const line = `latchkey resolve ${reference} --forget ${options}`;
    const { code, text } = await onTerminal(line, env, [[question, '\u0003']]);
    expect(code).toBe(1);
    expect(text).toContain('Nothing was changed.');
    expect(text).not.toContain(next);
    expect(await on.store.read('a')).toBeDefined();
  });

  it('is answered by its line of several pasted ones', async () => {
    const reference = await on.lapse('a');
    const pasted = 'ann\rch_1 is at the provider.\ry';
    const { code } = await onTerminal(`latchkey resolve ${reference} --rerun`, env, [['Who decides', pasted]]);
    expect(code).toBe(0);
    const { stdout } = await on.cli(['show', reference, '--json']);
    expect(JSON.parse(stdout).audit).toMatchObject([{}, { who: 'ann', why: 'ch_1 is at the provider.' }]);
  });

  it('is asked before records are erased, swept, and tables created', async () => {
    await on.lapse('a');
    const commands = {
      [`latchkey erase --principal acct_1 ${person}`]: 'all records of this principal',
      'latchkey sweep': 'Remove all expired records?',
      [`latchkey migrate --apply --store sqlite:${on.path('new.db')}`]: 'Create the missing tables?',
    };
    for (const [line, question] of Object.entries(commands))
      expect(await onTerminal(line, env, [[question, 'n']])).toMatchObject({ code: 1 });
    expect((await on.cli(['list', '--store', `sqlite:${on.path('new.db')}`])).code).toBe(3);
  });

  it('goes to standard error, so that standard output stays JSON', async () => {
    const reference = await on.lapse('a');
    const line = `latchkey resolve ${reference} --rerun ${person} --json >${on.path('out.json')}`;
    expect(await onTerminal(`sh -c "${line}"`, env, [['key run? [y/N]', 'yes']])).toMatchObject({ code: 0 });
    const { stdout } = await on.cli(['show', reference, '--json']);
    expect(JSON.parse(stdout).state).toBe('open');
  });

  it('hides the Authorization header that is typed', async () => {
    const operation = { method: 'POST', path: '/pay' };
    await on.lapse(recordIdOf({ key: 'order-81', principal: { authorization: 'Bearer sk_1' }, operation }));
    const line = 'latchkey show --key order-81 --authorization --method POST --path /pay';
    const { code, raw } = await onTerminal(line, env, [['Authorization: ', 'Bearer sk_1']]);
    expect(code).toBe(0);
    expect(raw).toContain('lapsed');
    expect(raw).not.toContain('sk_1');
  });
});

describe('colours', () => {
  it('are left out with NO_COLOR, and without a terminal', async () => {
    await on.lapse('a');
    expect((await onTerminal('latchkey list', env)).raw).toContain('\u001b[1m');
    expect((await onTerminal('latchkey list', { ...env, NO_COLOR: '1' })).raw).not.toContain('\u001b');
    expect((await on.cli(['list'])).stdout).not.toContain('\u001b');
  });
});

/** Runs a command line without a terminal. */
async function inShell(line: string, others: NodeJS.ProcessEnv = {}) {
  const shell = spawn('sh', ['-c', line], {
    env: { ...process.env, ...env, ...others },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 15_000,
  });
  let stderr = '';
  shell.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const [code] = await once(shell, 'close');
  return { code, stderr };
}

describe('a process', () => {
  it('ends quietly when the reader of its output ends first', async () => {
    for (const id of ['a', 'b', 'c']) await on.lapse(id);
    expect((await inShell('latchkey list | true')).stderr).toBe('');
  });

  it('says that its output could not be written, and that it did what was asked', async () => {
    const decision = `--forget ${person} --yes --json`;
    expect(await inShell(`latchkey resolve ${await on.lapse('a')} ${decision} >/dev/full`)).toEqual({
      code: 74,
      stderr: 'latchkey: The output could not be written: ENOSPC. The command ended with 0.\n',
    });
    expect(await on.store.read('a')).toBeUndefined();
    expect(await inShell('latchkey list 2>/dev/full')).toEqual({ code: 74, stderr: '' });
  });

  it('ends although the server never answers', { timeout: 40_000 }, async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      for (const url of [
        `redis://127.0.0.1:${port}?timeoutMs=200`,
        `postgres://127.0.0.1:${port}?connectTimeoutMs=200`,
      ])
        expect(await inShell('exec latchkey list', { LATCHKEY_STORE: url })).toMatchObject({ code: 3 });
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  });
});
