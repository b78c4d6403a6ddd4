import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { principalDigest } from 'latchkey/engine';
import { operator, recordIdOf } from 'latchkey/operator';
import { storeFromUrl } from 'latchkey/store-from-url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeOver } from '../../latchkey/test/operator/records.ts';
import { claimOf, completionOf } from '../../latchkey/test/stores/requests.ts';
import { consent, rig } from './rig.ts';

let on: Awaited<ReturnType<typeof rig>>;
beforeEach(async () => {
  on = await rig();
});
afterEach(() => on.end());

const json = async (args: readonly string[], stdin = '') => {
  const { code, stdout, stderr } = await on.cli([...args, '--json'], { env: { LATCHKEY_STORE: on.url }, stdin });
  return { code, stderr, value: JSON.parse(stdout) };
};

describe('list', () => {
  it('prints JSON, page by page', async () => {
    for (const id of ['a', 'b', 'c']) await on.lapse(id);
    const first = await json(['list', '--limit', '2']);
    expect(first).toMatchObject({
      code: 1,
      stderr: '',
      value: { state: 'lapsed', records: [{ id: 'a' }, { id: 'b' }] },
    });
    const second = await json(['list', '--limit', '2', '--cursor', first.value.next]);
    expect(second.value.records).toMatchObject([{ id: 'c', policy: 'refuse', steps: [{ name: 'charge' }] }]);
    expect(second.value.next).toBeUndefined();
  });

  it('finds the records of a principal in one state, and says how many records it read', async () => {
    for (const id of ['a', 'b', 'c']) await on.lapse(id);
    await on.lapse('d', { principal: principalDigest('acct_1') });
    const { code, stdout, stderr } = await on.cli(['list', '--principal', 'acct_1']);
    expect([code, stdout.match(/lapsed/g)?.length]).toEqual([1, 1]);
    expect(stderr).toBe('Searched 4 lapsed records only; 1 of them are of this principal.\n');
    expect((await json(['list', '--principal', 'acct_1'])).value).toMatchObject({ records: [{ id: 'd' }], read: 4 });
  });
});

describe('a search over several pages', () => {
  it('finds a stuck record behind many that are not stuck', async () => {
    for (let number = 10; number < 35; number += 1) await on.lapse(`a${number}`);
    await on.lapse('b');
    await takeOver(on.store, 'b', 'another');
    const found = await json(['list', '--state', 'stuck', '--max-attempts', '2', '--limit', '1']);
    expect(found).toMatchObject({ code: 1, value: { records: [{ id: 'b' }] } });
  });

  it('lists at most --limit records of a principal, and the others on the next page', async () => {
    const principal = principalDigest('acct_1');
    for (const id of ['a', 'c', 'e']) await on.lapse(id, { principal });
    for (const id of ['b', 'd']) await on.lapse(id);
    const args = ['list', '--principal', 'acct_1', '--limit', '2'];
    const first = await json(args);
    expect(first.value.records).toMatchObject([{ id: 'a' }, { id: 'c' }]);
    const second = await json([...args, '--cursor', first.value.next]);
    expect(second.value.records).toMatchObject([{ id: 'e' }]);
    expect(second.value.next).toBeUndefined();
  });

  it('counts the records that wait for a decision behind many that do not', { timeout: 20_000 }, async () => {
    const ids = Array.from({ length: 1_001 }, (_, index) => `a${index}`);
    await Promise.all(ids.map((id) => on.store.claim(claimOf(id, 't', { policy: 'rerun' }))));
    await Promise.all(ids.map((id) => on.store.abandon({ id, token: 't', unresolvedRetentionMs: 60_000 })));
    expect(await on.cli(['doctor'])).toEqual({ code: 0, stdout: 'ok  sqlite answers\n', stderr: '' });
    await on.lapse('b');
    expect((await on.cli(['doctor'])).stdout).toContain('wait for a decision: 1.');
    expect((await on.cli(['doctor', '--max-attempts', '1'])).stdout).toContain('wait for a decision: 1002.');
  });
});

describe('show', () => {
  const payment = {
    key: 'order-81',
    principal: { authorization: 'Bearer sk_1' },
    operation: { method: 'POST', path: '/pay' },
  };

  it('finds a record by the Authorization header on standard input', async () => {
    await on.lapse(recordIdOf(payment));
    const args = ['show', '--key', '"order-81"', '--authorization', '--method', 'post', '--path', '/pay?currency=eur'];
    expect(await json(args, 'Bearer sk_1\n')).toMatchObject({ code: 0, value: { state: 'lapsed' } });
    expect(await on.cli(args, { env: { LATCHKEY_STORE: on.url }, stdin: 'Bearer sk_2\n' })).toMatchObject({ code: 1 });
  });

  it('finds a record of a scope, of a function, and of an anonymous client', async () => {
    const key = '8e03978e-40d5-43dd-bc93-6894a57f9324';
    await on.lapse(recordIdOf({ key, principal: 'acct_1', operation: { scope: 'pay' } }), { operation: 'in a scope' });
    await on.lapse(recordIdOf({ key, principal: '', operation: { function: 'pay' } }), { operation: 'a function' });
    const { operation } = payment;
    await on.lapse(recordIdOf({ key, principal: { anonymous: true }, operation }), { operation: 'anonymous' });
    const shown = async (...args: string[]) => (await json(['show', '--key', key, ...args])).value.operation;
    expect(await shown('--principal', 'acct_1', '--scope', 'pay')).toBe('in a scope');
    expect(await shown('--function', 'pay')).toBe('a function');
    expect(await shown('--anonymous', '--method', 'POST', '--path', '/pay')).toBe('anonymous');
  });

  it('shows the request and the results of steps only with --show-body', async () => {
    const reference = await on.lapse('a', {
      fingerprint: 'own',
      acceptable: ['own'],
      request: Buffer.from('card 4242'),
    });
    const short = await on.cli(['show', reference]);
    expect(short.stdout).toContain('saved; to see it: --show-body');
    const { stdout } = await on.cli(['show', reference, '--json']);
    for (const text of [short.stdout, stdout]) expect(text).not.toMatch(/4242|NDI0|ch_1/);
    const { stdout: whole } = await on.cli(['show', reference, '--show-body']);
    expect(whole).toContain('card 4242');
    expect(whole).toContain('{"charge":"ch_1"}');
    expect((await json(['show', reference, '--show-body'])).value).toMatchObject({
      steps: [{ value: { charge: 'ch_1' } }],
    });
  });

  it('has the keys of steps that were neither saved nor begun', async () => {
    const reference = await on.lapse('a');
    const { value } = await json(['show', reference, '--step', 'mail', '--step', 'ship']);
    const key = (step: string) => operator({ store: on.store }).idempotencyKey(value.operationId, step);
    expect(value.askedSteps).toEqual([
      { name: 'mail', idempotencyKey: key('mail') },
      { name: 'ship', idempotencyKey: key('ship') },
    ]);
    expect(value.begun).toEqual([{ name: 'order', idempotencyKey: key('order') }]);
  });
});

describe('resolve', () => {
  const answerOf = async (reference: string) => {
    const record = await operator({ store: on.store }).find(reference);
    const stored = await on.store.read(record?.id ?? '');
    return { status: record?.result?.status, text: Buffer.from(stored?.result?.bytes ?? []).toString() };
  };

  it.each([
    ['{"id":"ch_1", "n": 1.0}', 'application/json'],
    ['Paid.', 'text/plain'],
  ])('answers with --status and --body %s unchanged, as %s', async (body, type) => {
    const reference = await on.lapse('a');
    const ended = await json(['resolve', reference, '--status', '201', '--body', body, ...consent]);
    expect(ended).toMatchObject({ code: 0, value: { reference, outcome: 'applied', audited: true } });
    const { status, text } = await answerOf(reference);
    expect(status).toBe(201);
    expect(text).toContain(body);
    expect(text).toContain(type);
  });

  it('gives a function its value or its failure', async () => {
    const made = { fingerprint: 'f1.print', acceptable: ['f1.print'] };
    const http = ['resolve', await on.lapse('http', made), '--status', '201', ...consent];
    expect(await on.cli(http)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('either "value", or "failure"'),
    });
    for (const [id, answer] of Object.entries({
      value: { value: { paid: true } },
      failure: { failure: 'card declined' },
    })) {
      const reference = await on.lapse(id, made);
      await writeFile(on.path('answer.json'), JSON.stringify(answer));
      expect((await on.cli(['resolve', reference, '--respond', on.path('answer.json'), ...consent])).code).toBe(0);
    }
    expect(Buffer.from((await on.store.read('value'))?.result?.bytes ?? []).toString()).toContain('"paid":true');
    expect(Buffer.from((await on.store.read('failure'))?.result?.bytes ?? []).toString()).toContain('card declined');
  });

  it('keeps the record as long as --retention says, and writes who and why into the audit', async () => {
    const reference = await on.lapse('a');
    await on.cli(['resolve', reference, '--rerun', '--retention', '3d', ...consent]);
    const { value } = await json(['show', reference]);
    expect(value.state).toBe('open');
    expect(value.expiresAtMs - value.changedAtMs).toBe(3 * 86_400_000);
    const who = { who: 'ann', why: 'ch_1 is at the provider.' };
    expect(value.audit).toMatchObject([
      { event: 'decided', ...who, decision: { kind: 'rerun' } },
      { event: 'applied', ...who },
    ]);
  });

  it('takes who from LATCHKEY_WHO', async () => {
    const reference = await on.lapse('a');
    const env = { LATCHKEY_STORE: on.url, LATCHKEY_WHO: 'ben' };
    expect((await on.cli(['resolve', reference, '--forget', '--why', 'nothing happened', '--yes'], { env })).code).toBe(
      0,
    );
    expect(await operator({ store: on.store }).audit('a')).toMatchObject([{ who: 'ben' }, { who: 'ben' }]);
  });
});

describe('erase', () => {
  it('removes the records of a principal, and the audit says who and why', async () => {
    const principal = principalDigest('acct_1');
    await on.lapse('a', { principal });
    await on.lapse('b');
    expect(await json(['erase', '--principal', 'acct_1', ...consent])).toMatchObject({
      value: { principal, erased: 1 },
    });
    expect(await on.store.read('a')).toBeUndefined();
    expect(await on.store.read('b')).toBeDefined();
    const audit = await operator({ store: on.store }).audit(principal);
    expect(audit).toMatchObject([
      { event: 'erasing', who: 'ann' },
      { event: 'erased', who: 'ann' },
    ]);
  });
});

describe('sweep', () => {
  it('removes expired records, however many', async () => {
    const url = `sqlite:${on.path('expired.db')}`;
    const store = await storeFromUrl(url);
    const ids = Array.from({ length: 1_100 }, (_, index) => `record-${index}`);
    await Promise.all(ids.map((id) => store.claim(claimOf(id, 't'))));
    await Promise.all(ids.map((id) => store.complete({ ...completionOf(id, 't'), retentionMs: 1_000 })));
    await store.claim(claimOf('running', 't'));
    await store.close();
    // Nobody sweeps while the file is closed.
    await pause(1_100);
    const env = { LATCHKEY_STORE: url };
    expect(await on.cli(['sweep', '--yes'], { env })).toEqual({
      code: 0,
      stdout: 'Removed expired records: 1100\n',
      stderr: '',
    });
    expect((await on.cli(['sweep', '--yes', '--json'], { env })).stdout).toBe('{\n  "swept": 0\n}\n');
    expect(await on.cli(['list', '--state', 'running'], { env })).toMatchObject({
      stdout: expect.stringContaining('running'),
    });
  });
});

describe('migrate', () => {
  it('prints the SQL of the tables without a connection', async () => {
    const url = 'postgres://127.0.0.1:1/shop?schema=shop';
    const { code, stdout } = await on.cli(['migrate', '--store', url]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^-- latchkey-1\n[\s\S]*-- latchkey-2\n/);
    const { value } = await json(['migrate', '--store', url]);
    expect(value.migrations.map(({ version }: { version: number }) => version)).toEqual([1, 2]);
  });

  it('creates an SQLite file, and does nothing for Redis', async () => {
    const url = `sqlite:${on.path('new.db')}`;
    expect((await on.cli(['migrate', '--apply', '--yes', '--store', url])).code).toBe(0);
    expect((await on.cli(['list', '--store', url])).code).toBe(0);
    const redis = await on.cli(['migrate', '--apply', '--store', 'redis://127.0.0.1:1']);
    expect(redis).toEqual({ code: 0, stdout: '', stderr: 'This store has no tables.\n' });
  });
});
