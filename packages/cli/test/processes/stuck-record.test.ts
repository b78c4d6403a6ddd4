import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrateFromUrl } from 'latchkey/store-from-url';
import { afterEach, describe, expect, it } from 'vitest';
import { startPostgres } from '../../../latchkey/test/servers/postgres-server.ts';
import { startRedis } from '../../../latchkey/test/servers/redis-server.ts';
import { killWhileCharging, payment, startPayments } from '../payments.ts';
import { installedCommand, onTerminal } from '../terminal.ts';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const stores: Readonly<Record<string, (folder: string) => Promise<string>>> = {
  sqlite: async (folder) => `sqlite:${join(folder, 'records.db')}`,
  redis: async () => {
    const server = await startRedis();
    ends.push(server.stop);
    return `redis://127.0.0.1:${server.port}/0`;
  },
  postgres: async () => {
    const server = await startPostgres();
    ends.push(server.stop);
    return server.url;
  },
};

const address = `--key ${payment.key} --principal ${payment.account} --method POST --path ${payment.path}`;

describe.each(Object.entries(stores))('on a terminal, with records in %s', (_, open) => {
  it('a record of a killed server is found from a customer’s key, inspected and resolved, and the retry gets the answer', async () => {
    const command = await installedCommand();
    ends.push(command.remove);
    const store = await open(command.folder);
    const env = { PATH: command.path, LATCHKEY_STORE: store };
    const terminal = (line: string, exchanges: Parameters<typeof onTerminal>[2] = []) =>
      onTerminal(line, env, exchanges);
    if (store.startsWith('postgres:')) {
      expect(await terminal('latchkey list')).toMatchObject({
        code: 3,
        text: expect.stringContaining('migrate --apply'),
      });
      const applied = await terminal('latchkey migrate --apply', [['missing tables? [y/N]', 'y']]);
      expect(applied).toMatchObject({ code: 0, text: expect.stringContaining('The tables are those of latchkey-2.') });
    } else await migrateFromUrl(store);

    const downstreamKey = await killWhileCharging(store);
    await expect.poll(async () => (await terminal('latchkey list')).code).toBe(1);

    const listed = await terminal('latchkey list');
    expect(listed.raw).toContain('\u001b[1mREFERENCE ');
    const reference = /^(\w{12}) +lapsed +\d+ s +refuse +1 +1\+1 +POST \/payments$/m.exec(listed.text)?.[1] ?? '';

    const shown = await terminal(`latchkey show ${address} --step mail`);
    expect(shown.code).toBe(0);
    expect(shown.text).toContain(`Record ${reference}\n`);
    expect(shown.text).toMatch(/^ {2}state +lapsed: its worker died or hung; the outcome is unknown$/m);
    expect(shown.text).toMatch(/^ {2}reserve +saved +[\da-f-]{36}$/m);
    expect(shown.text).toMatch(/^ {2}mail +\? +[\da-f-]{36}$/m);
    expect(/^ {2}charge +begun +(\S+)$/m.exec(shown.text)?.[1]).toBe(downstreamKey);

    const answer = join(command.folder, 'answer.json');
    await writeFile(answer, JSON.stringify({ status: 201, headers: { 'x-found': 'yes' }, body: { id: 'ch_1' } }));
    const person: [string, string][] = [
      ['Who decides, for the audit:', 'ann'],
      ['Why, for the audit:', 'ch_1 is at the provider.'],
    ];
    const question = 'Give every retry the status 201? [y/N]';
    const declined = await terminal(`latchkey resolve ${reference} --respond ${answer}`, [...person, [question, 'n']]);
    expect(declined).toMatchObject({ code: 1, text: expect.stringContaining('Nothing was changed.') });
    const resolved = await terminal(`latchkey resolve ${reference} --respond ${answer}`, [...person, [question, 'y']]);
    expect(resolved).toMatchObject({ code: 0, text: expect.stringContaining(`Done: ${reference} is resolved`) });

    const server = await startPayments(store, false);
    ends.push(server.kill);
    const retried = await server.pay();
    expect(retried.status).toBe(201);
    expect(retried.headers.get('idempotent-replayed')).toBe('true');
    expect(retried.headers.get('x-found')).toBe('yes');
    expect(await retried.json()).toEqual({ id: 'ch_1' });

    const after = await terminal(`latchkey show ${reference}`);
    expect(after.text).toMatch(/^ {2}state +completed: every retry gets the stored answer$/m);
    expect(after.text).toMatch(/ applied +respond 201 +ann +ch_1 is at the provider\.$/m);
    expect(await terminal('latchkey list')).toMatchObject({ code: 0, text: 'There are no lapsed records.\n' });
  });
});
