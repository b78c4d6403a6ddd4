import { writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { encryptedStore } from 'latchkey/encrypted';
import { recordReference } from 'latchkey/engine';
import { operator } from 'latchkey/operator';
import { storeFromUrl } from 'latchkey/store-from-url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lapse } from '../../latchkey/test/operator/records.ts';
import { startRedis } from '../../latchkey/test/servers/redis-server.ts';
import { Progress } from '../src/terminal/progress.ts';
import { consent, rig } from './rig.ts';
import { runCli } from './run-cli.ts';

let on: Awaited<ReturnType<typeof rig>>;
beforeEach(async () => {
  on = await rig();
});
afterEach(() => on.end());

// biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may reach a terminal.
const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

describe('control characters', () => {
  const evil = '\u001b]0;owned\u0007\u009b31m\u202e\r\nDELETE\u007f';

  it('are printed as escape codes, wherever a stored string is shown', async () => {
    const operation = `POST /a${evil}`;
    const reference = await on.lapse('a', { operation, operationId: `op${evil}`, token: `t${evil}` });
    await on.store.saveStep({ id: 'a', token: `t${evil}`, name: `step${evil}`, value: Buffer.from('?') });
    const why = `found\u001b[2J it`;
    const commands = [
      ['list'],
      ['list', '--json'],
      ['resolve', reference, '--forget', '--who', 'ann', '--why', why, '--yes'],
      ['show', reference, '--show-body', '--step', evil],
      ['show', reference, '--json', '--show-body'],
    ];
    const shown = await Promise.all(commands.slice(0, 2).map((args) => on.cli(args)));
    for (const args of commands.slice(3)) shown.push(await on.cli(args));
    for (const { stdout, stderr } of shown) {
      expect(stdout).toContain('DELETE');
      expect(stdout + stderr).not.toMatch(obeyed);
    }
    expect(shown[0]?.stdout).toContain('POST /a\\u{1b}]0;owned\\u{7}\\u{9b}31m\\u{202e}\\u{d}\\u{a}DELETE\\u{7f}');
    expect(JSON.parse(shown[1]?.stdout ?? '').records[0].operation).toBe(operation);
  });

  it('are printed as escape codes in who and why, in errors and in bodies', async () => {
    const request = Buffer.from(`{"a":"${evil}"}`);
    const reference = await on.lapse('a', { fingerprint: 'own', acceptable: ['own'], request });
    const { stdout } = await on.cli(['show', reference, '--show-body']);
    expect(stdout).toContain('\\u{1b}]0;owned');
    expect(stdout).not.toMatch(obeyed);
    await on.cli(['resolve', reference, '--rerun', '--who', 'ann', '--why', `so${evil}`, '--yes']);
    expect((await on.cli(['show', reference])).stdout).not.toMatch(obeyed);
    for (const args of [['show', evil], [`--${evil}`], ['resolve', 'a', '--respond', evil, ...consent]])
      expect((await on.cli(args)).stderr).not.toMatch(obeyed);
  });
});

describe('the credentials of a URL', () => {
  const url = 'redis://shop:s3cret@127.0.0.1:1/0';

  it.each([
    [['list', '--store', url]],
    [['list', '--store', 'redis://shop:s3cret%@127.0.0.1:1']],
    [['list', '--store', 'redis://shop:s3cret@127.0.0.1:1/shop']],
    [["redis://shop:a'b s3cret@127.0.0.1:1"]],
    [['list', `--stor=${url}`]],
    [['list', url]],
    [[url]],
    [['list', '--state', url]],
    [['migrate', '--apply', '--yes', '--store', 'postgres://shop:s3cret@127.0.0.1:1/shop']],
    [['migrate', '--apply', '--yes', '--store', 'mariadb://shop:s3cret@127.0.0.1:1/shop']],
    [['doctor', '--json', '--store', url]],
  ])('do not appear after %j', async (args) => {
    const { code, stdout, stderr } = await runCli(args);
    expect(code).toBeGreaterThan(1);
    expect(stdout + stderr).not.toContain('s3cret');
  });

  it('do not appear in what doctor finds', async () => {
    const server = await startRedis(['--requirepass', 's3cret']);
    try {
      const { code, stdout, stderr } = await runCli(['doctor', '--store', `redis://:s3cret@127.0.0.1:${server.port}`]);
      expect([code, stderr]).toEqual([1, '']);
      expect(stdout).toMatch(/^ok {2}redis answers\n!! {2}append-only-off: .*\(127\.0\.0\.1:\d+\)\n$/);
    } finally {
      await server.stop();
    }
  });
});

describe('an encrypted store', () => {
  const key = Buffer.alloc(32, 7);
  const keys = { currentKey: '2026-11', keys: { '2026-11': key.toString('base64') } };

  it('is read and written with its keys, and an answer without them is refused', async () => {
    const sealed = encryptedStore(await storeFromUrl(on.url), { currentKey: '2026-11', keys: { '2026-11': key } });
    const file = on.path('keys.json');
    await writeFile(file, JSON.stringify(keys));
    await lapse(sealed, 'a');
    const resolve = ['resolve', recordReference('a'), '--status', '201', '--body', '{"id":"ch_1"}', ...consent];
    const refused = await on.cli(resolve);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('pass --encryption-keys') });
    const shown = await on.cli(['show', 'a', '--show-body', '--encryption-keys', file]);
    expect(shown.stdout).toContain('{"charge":"ch_1"}');
    const env = { LATCHKEY_STORE: on.url, LATCHKEY_ENCRYPTION_KEYS: file };
    expect(await on.cli(resolve, { env })).toMatchObject({ code: 0 });
    expect(await operator({ store: sealed }).show('a')).toMatchObject({ result: { status: 201 }, audit: [{}, {}] });
    const unreadable = await on.cli(['show', 'a']);
    expect(unreadable).toMatchObject({ code: 3, stderr: expect.stringContaining('--encryption-keys') });
    await sealed.close();
  });

  it('needs a file with keys', async () => {
    await writeFile(on.path('keys.json'), '{"keys":{}}');
    const ended = await on.cli(['list', '--encryption-keys', on.path('keys.json')]);
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('currentKey') });
  });
});

describe('progress', () => {
  const written = (stream: PassThrough) => String(stream.read() ?? '');

  it('is one line on a terminal, removed at the end', () => {
    const stream = Object.assign(new PassThrough(), { isTTY: true });
    const progress = new Progress(stream, 'Reading:');
    progress.update(1_500);
    expect(written(stream)).toBe('\r\u001b[KReading: 1,500');
    progress.update(5, 10);
    expect(written(stream)).toBe(`\r\u001b[KReading: [${'#'.repeat(15)}${'-'.repeat(15)}] 5/10`);
    progress.end();
    expect(written(stream)).toBe('\r\u001b[K');
  });

  it('is nothing elsewhere', () => {
    const stream = new PassThrough();
    const progress = new Progress(stream, 'Reading:');
    progress.update(1);
    progress.end();
    expect(written(stream)).toBe('');
  });
});
