import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrateFromUrl } from 'latchkey/store-from-url';
import { expect, it, onTestFinished } from 'vitest';
import { killWhileCharging } from './payments.ts';
import { type Exchange, installedCommand, onTerminal } from './terminal.ts';

const page = await readFile(new URL('../../../docs/command-line.md', import.meta.url), 'utf8');

/** The commands of the page, and what they print. */
const examples = Array.from(page.matchAll(/^```console\n\$ (.+)\n([\s\S]*?)```$/gm), ([, line = '', printed = '']) => ({
  line,
  printed,
}));

const answers: readonly Exchange[] = [
  ['Who decides, for the audit:', 'ann'],
  ['Why, for the audit:', 'ch_1 is at the provider.'],
  ['[y/N]', 'y'],
];

/** Times, random ids and the width of columns differ from run to run. */
function comparable(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, 'UUID')
    .replaceAll(/\b\d+ (s|min|h|d)\b/g, 'AGE')
    .replaceAll(/ +/g, ' ');
}

it('prints what the page shows', async () => {
  expect(examples.map(({ line }) => line.split(' ')[1])).toEqual(['list', 'show', 'resolve', 'show']);
  const command = await installedCommand();
  onTestFinished(command.remove);
  const store = `sqlite:${join(command.folder, 'records.db')}`;
  const env = { PATH: command.path, LATCHKEY_STORE: store };
  await migrateFromUrl(store);
  await killWhileCharging(store);
  await expect.poll(async () => (await onTerminal('latchkey list', env)).code).toBe(1);
  for (const { line, printed } of examples) {
    const { text } = await onTerminal(line, env, line.includes('resolve') ? answers : []);
    expect.soft(comparable(text), text).toBe(comparable(printed));
  }
});
