import { writeFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeOver } from '../../latchkey/test/operator/records.ts';
import { run } from '../src/program.ts';
import { consent, rig } from './rig.ts';
import { runCli } from './run-cli.ts';

let on: Awaited<ReturnType<typeof rig>>;
beforeEach(async () => {
  on = await rig();
});
afterEach(() => on.end());

describe('the exit code is 0', () => {
  it('if list finds nothing that waits for a person', async () => {
    await on.store.claim({ ...claim, id: 'running', token: 'a' });
    expect(await on.cli(['list'])).toEqual({ code: 0, stdout: '', stderr: 'There are no lapsed records.\n' });
    const running = await on.cli(['list', '--state', 'running']);
    expect(running).toMatchObject({ code: 0, stdout: expect.stringMatching(/ running +0 s .* POST \/charges\n$/) });
  });

  it('after a decision', async () => {
    const reference = await on.lapse('a');
    expect(await on.cli(['resolve', reference, '--forget', ...consent])).toMatchObject({ code: 0, stderr: '' });
    expect(await on.store.read('a')).toBeUndefined();
  });

  it('if doctor finds nothing', async () => {
    expect(await on.cli(['doctor'])).toEqual({ code: 0, stdout: 'ok  sqlite answers\n', stderr: '' });
  });
});

describe('the exit code is 1', () => {
  it('if list finds lapsed or stuck records', async () => {
    await on.lapse('a');
    expect(await on.cli(['list'])).toMatchObject({ code: 1, stderr: '' });
    expect(await on.cli(['list', '--state', 'stuck'])).toMatchObject({ code: 0 });
    expect(await on.cli(['list', '--state', 'stuck', '--max-attempts', '1'])).toMatchObject({ code: 1 });
  });

  it('if doctor finds records that wait for a decision', async () => {
    await on.lapse('a');
    await on.lapse('b', { policy: 'rerun' });
    const stdout =
      'ok  sqlite answers\n!!  records-waiting: Lapsed records that wait for a decision: 1. To list them: latchkey list\n';
    expect(await on.cli(['doctor'])).toEqual({ code: 1, stdout, stderr: '' });
    const withStuck = { code: 1, stdout: stdout.replace('decision: 1', 'decision: 2'), stderr: '' };
    expect(await on.cli(['doctor', '--max-attempts', '1'])).toEqual(withStuck);
  });

  it.each([
    ['a reference', ['show', '4T0V9M2KXQ7H']],
    ['an id', ['show', 'none']],
    ['a key', ['show', '--key', 'k', '--principal', 'acct_1', '--method', 'POST', '--path', '/charges']],
    ['a function', ['show', '--key', 'k', '--function', 'charge']],
    ['a decision', ['resolve', '4T0V9M2KXQ7H', '--rerun', ...consent]],
  ])('if there is no record for %s', async (_, args) => {
    expect(await on.cli(args)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('no such record'),
    });
  });
});

it('names what was passed if there is no such record', async () => {
  expect((await on.cli(['resolve', 'NOPE', '--rerun', ...consent])).stderr).toContain('the reference or id is wrong');
  const byKey = await on.cli(['show', '--key', 'k', '--function', 'charge']);
  expect(byKey.stderr).toContain('the key, the principal or the operation is not the same');
});

describe('the exit code is 2', () => {
  const respond = ['resolve', 'a', '--respond'];

  it.each([
    [['list', '--state', 'lost'], 'Allowed choices are lapsed, stuck'],
    [['list', '--limit', '0'], 'It must be an integer of at least 1.'],
    [['list', '--limit', '2000'], 'limit must be an integer from 1 to 1000'],
    [['list', '--limit', '1001', '--principal', 'acct_1'], 'limit must be an integer from 1 to 1000'],
    [['list', '--cursor', 'elsewhere'], 'cursor'],
    [['list', '--principal', 'acct_1', '--authorization'], 'either --principal or --authorization'],
    [['show'], 'Name the record'],
    [['show', 'a', '--key', 'k'], 'either a reference or --key'],
    [['show', '--key', 'k', '--method', 'POST', '--path', '/'], 'one of --principal, --authorization and --anonymous'],
    [['show', '--key', 'k', '--principal', 'a', '--method', 'POST'], '--method with --path'],
    [['show', '--key', 'k', '--anonymous', '--method', 'POST', '--path', '/'], 'must be unguessable'],
    [['show', '--key', 'a,b', '--principal', 'a', '--scope', 'pay'], 'The header is not a key.'],
    [['resolve', 'a'], 'Pass one decision'],
    [['resolve', 'a', '--rerun', '--forget'], 'Pass one decision'],
    [['resolve', 'a', '--rerun', '--body', 'x'], 'Pass one decision'],
    [['resolve', 'a', '--status', '204', '--body', 'x', ...consent], 'the status 204 has no body'],
    [['resolve', 'a', '--status', '99'], 'an integer from 200 to 599'],
    [['resolve', 'a', '--rerun', '--retention', '1w'], 'a duration such as 90m, 24h or 30d'],
    [['resolve', 'a', '--rerun'], 'pass --who, --why and --yes'],
    [['resolve', 'a', '--rerun', '--yes'], 'pass --who and --why.'],
    [['resolve', 'a', '--rerun', '--yes', '--who', 'ann'], 'pass --why.'],
    [['resolve', 'a', '--rerun', '--who', ' ', '--why', 'x', '--yes'], 'who must be a string'],
    [[...respond, 'nowhere.json', ...consent], "nowhere.json of --respond can't be read: ENOENT"],
    [['erase', ...consent], 'Pass --principal or --authorization.'],
    [['erase', '--principal', 'acct_1'], 'pass --who, --why and --yes'],
    [['erase', '--principal', '', ...consent], '--principal must not be empty.'],
    [['sweep'], 'pass --yes'],
    [['migrate', '--apply'], 'pass --yes'],
    [['migrate', '--store', 'dynamodb://eu-central-1/latchkey'], 'tableDefinition'],
    [['list', '--store', 'memory:'], 'belongs to the process that created it'],
    [['list', '--store', 'mysql://localhost/shop'], 'write mariadb:'],
    [['list', '--store', 'redis://localhost?prefixes=a'], 'Did you mean "prefix"?'],
    [['list', '--store', 'sqlite:'], 'an SQLite URL is sqlite: and a path'],
    [['list', '--store', 'sqlite:a%.db'], 'begins no code'],
    [['list', '--encryption-keys', 'nowhere.json'], "nowhere.json of --encryption-keys can't be read: ENOENT"],
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['completion', 'tcsh'], 'Allowed choices are'],
  ])('for %j', async (args, words) => {
    await on.lapse('a');
    const ended = await on.cli(args);
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining(words) });
    expect(await on.store.read('a')).toMatchObject({ state: 'lapsed' });
  });

  it('without a store', async () => {
    expect(await runCli(['list'])).toMatchObject({ code: 2, stderr: expect.stringContaining('set LATCHKEY_STORE') });
  });

  it.each([
    ['not JSON', 'it is not JSON'],
    ['{"status":42}', 'status must be an integer from 200 to 599'],
    ['{"status":200,"data":{}}', 'data'],
    ['"done"', 'status, headers and body'],
    ['{}', '"status": 201'],
    ['[]', 'status, headers and body'],
    ['{"status":201,"headers":["a"]}', 'must be an object: { "Location"'],
    ['{"status":204,"body":"x"}', 'the status 204 has no body'],
  ])('for the answer %s', async (content, words) => {
    await on.lapse('a');
    await writeFile(on.path('answer.json'), content);
    const ended = await on.cli([...respond, on.path('answer.json'), ...consent]);
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining(words) });
    expect(await on.store.read('a')).toMatchObject({ state: 'lapsed' });
  });
});

describe('the exit code is 2 for a function', () => {
  it.each(['{}', '[1]', '{"value":1,"failure":"no"}', '{"value":1,"status":200}', '{"failure":{}}'])(
    'with the result %s',
    async (content) => {
      const reference = await on.lapse('a', { fingerprint: 'f1.print', acceptable: ['f1.print'] });
      await writeFile(on.path('result.json'), content);
      const ended = await on.cli(['resolve', reference, '--respond', on.path('result.json'), ...consent]);
      expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('either "value", or "failure"') });
      expect(await on.store.read('a')).toMatchObject({ state: 'lapsed' });
    },
  );
});

describe('the exit code is 3', () => {
  it.each(['redis', 'postgres', 'mariadb'])('if the %s server does not answer', async (scheme) => {
    const ended = await on.cli(['list', '--store', `${scheme}://shop:s3cret@127.0.0.1:1/0`]);
    expect(ended).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('#store-unavailable') });
    expect(ended.stderr).not.toContain('s3cret');
  });

  it('if there is no such SQLite file, which is not created', async () => {
    const url = `sqlite:${on.path('typo.db')}`;
    for (let time = 0; time < 2; time += 1)
      expect(await on.cli(['list', '--store', url])).toMatchObject({
        code: 3,
        stderr: expect.stringMatching('no file'),
      });
  });

  it('if the file is not a store', async () => {
    await writeFile(on.path('notes.txt'), 'not a database, but long enough to be read as one '.repeat(100));
    const ended = await on.cli(['list', '--store', `sqlite:${on.path('notes.txt')}`]);
    expect(ended).toMatchObject({ code: 3, stderr: expect.stringContaining('#record-unreadable') });
    expect(ended.stderr).not.toContain('--encryption-keys');
  });
});

describe('the exit code is 4', () => {
  it('if the record is no longer lapsed', async () => {
    const reference = await on.lapse('a');
    await on.cli(['resolve', reference, '--status', '204', ...consent]);
    const ended = await on.cli(['resolve', reference, '--rerun', ...consent]);
    expect(ended).toMatchObject({ code: 4, stderr: expect.stringContaining('The record is completed') });
  });

  it('if the record was claimed again after it was shown', async () => {
    const reference = await on.lapse('a');
    const { token } = JSON.parse((await on.cli(['show', reference, '--json'])).stdout);
    await takeOver(on.store, 'a', 'another');
    const ended = await on.cli(['resolve', reference, '--claim', token, '--forget', ...consent]);
    expect(ended).toMatchObject({ code: 4, stderr: expect.stringContaining('was claimed again') });
    expect(await on.store.read('a')).toMatchObject({ state: 'lapsed', token: 'another' });
  });
});

it('is 70 for a bug, which is reported without credentials', async () => {
  await on.lapse('a');
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const now = () => {
    throw new TypeError('no time at redis://shop:s3cret@localhost');
  };
  const env = { LATCHKEY_STORE: on.url };
  expect(await run(['list'], { stdin: new PassThrough(), stdout, stderr, env, now, exitCode: 0 })).toBe(70);
  expect(String(stderr.read())).toMatch(/^latchkey: TypeError: no time at redis:\/\/\*\*\*@localhost\n {4}at /);
});

const claim = {
  principal: 'principal',
  operation: 'POST /charges',
  operationId: 'operation',
  fingerprint: '1.print',
  acceptable: ['1.print'],
  policy: 'refuse',
  leaseMs: 30_000,
  unresolvedRetentionMs: 60_000,
  takeover: 'none',
  maxAttempts: 10,
} as const;
