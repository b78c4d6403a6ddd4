import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../latchkey/test/servers/free-port.ts';
import { type RedisServer, startRedis } from '../../../latchkey/test/servers/redis-server.ts';
import type { Result } from '../../src/conformance/grade.ts';
import { outcomeNames } from '../../src/conformance/reports/report.ts';
import { graded } from '../conformance/graded.ts';

const page = fileURLToPath(new URL('../../../../docs/comparison.md', import.meta.url));
const main = fileURLToPath(new URL('comparison/main.ts', import.meta.url));

/** The contestants and their columns. */
const columns = {
  latchkey: 'Latchkey',
  nodeIdempotency: '`@node-idempotency/core` 1.0.11',
  expressIdempotency: '`express-idempotency` 1.0.6',
  setNxLines: 'forty lines of `SET NX`',
} as const;

type Contestant = keyof typeof columns;

const contestants = Object.keys(columns) as readonly Contestant[];
/**
 * Rows that this package passes in some runs. It looks for a record and then creates one, so simultaneous requests may
 * all run (R31), and it does not wait for its record before it sends an answer, so a crash may lose it (R40).
 */
const byChance = ['R31', 'R40'];
const isByChance = (name: Contestant, label: string) => name === 'expressIdempotency' && byChance.includes(label);

/** A result, and its row's name in the table. */
type Graded = Result & { readonly label: string };

const results = new Map<Contestant, readonly Graded[]>();
const redisServers: RedisServer[] = [];

beforeAll(async () => {
  redisServers.push(...(await Promise.all(contestants.map(() => startRedis()))));
});

afterAll(() => Promise.all(redisServers.map((server) => server.stop())));

const variant = (name: string, change: object) => ['--variant', `${name}=${JSON.stringify(change)}`];
const answer = (name: string) => variant(name, { headers: { 'X-Answer': name } });

/** The rows for a target that may run again after a failure. */
const rerun = ['--after-failure', 'rerun', '--rows', 'R36,R38,R41'];

/** Grades one contestant by both claims on failures. */
async function gradeContestant(name: Contestant): Promise<readonly Graded[]> {
  const refusing = await gradeProgram(name, name, []);
  const rerunning = await gradeProgram(name, name === 'latchkey' ? 'latchkeyRerun' : name, rerun);
  const labelled = rerunning.map((result) => ({ ...result, label: `${result.row}, rerun` }));
  const isGraded = ({ row }: Result) => !(row === 'R36' || row === 'R38');
  return [...refusing.filter(isGraded).map((result) => ({ ...result, label: result.row })), ...labelled];
}

/** Grades a program as a process, with the Redis server of its contestant. */
async function gradeProgram(name: Contestant, program: string, claims: readonly string[]): Promise<readonly Result[]> {
  const port = await freePort();
  const redisPort = redisServers[contestants.indexOf(name)]?.port;
  const origin = `http://127.0.0.1:${port}`;
  const report = await graded([
    ...[`${origin}/charges`, '--header', 'Authorization: Bearer one', '--body', '{"amount":2000,"items":[1,2]}'],
    ...['--count-url', `${origin}/count`, '--max-wait', '2s', ...claims],
    ...['--start-command', `exec '${process.execPath}' '${main}' ${program} ${port} ${redisPort}`],
    ...variant('slow', { headers: { 'X-Delay': '900' } }),
    ...variant('other', { headers: { Authorization: 'Bearer two' } }),
    ...variant('elsewhere', { path: '/refunds' }),
    ...variant('read', {}),
    ...['declined', 'broken', 'busy', 'binary', 'empty', 'streamed', 'cut'].flatMap(answer),
  ]);
  return report.results;
}

/** The table of the page. */
function tableOf(): string {
  const [first = []] = results.values();
  const lines = first.map(({ label, title }) => {
    const cells = contestants.map((name) => {
      const outcome = results.get(name)?.find((result) => result.label === label)?.outcome ?? 'not-seen';
      if (isByChance(name, label)) return 'by chance';
      return outcome === 'failed' ? '**failed**' : outcomeNames[outcome];
    });
    return `| ${label} | ${title} | ${cells.join(' | ')} |`;
  });
  return [
    `| row | | ${Object.values(columns).join(' | ')} |`,
    `|---|---|${'---|'.repeat(contestants.length)}`,
    ...lines,
    '',
  ].join('\n');
}

/** What was seen of each failed row, without numbers that differ from run to run. */
function notesOf(name: Contestant): string {
  const failed = (results.get(name) ?? []).filter(
    ({ outcome, label }) => outcome === 'failed' && !isByChance(name, label),
  );
  const lines = failed.map(
    ({ label, note }) => `- ${label}: ${(note ?? '').replace(/\d+ (times|different)/, 'several $1')}`,
  );
  return [`### ${columns[name]}`, '', ...(lines.length === 0 ? ['No row failed.'] : lines), ''].join('\n');
}

const tablePattern = /^\| row \|[\s\S]*?\n(?=\n)/m;
const notesPattern = /^### [\s\S]*/m;

describe.concurrent('a contestant', () => {
  it.each(contestants)('is graded: %s', async (name) => {
    results.set(name, await gradeContestant(name));
    expect(results.get(name)?.some(({ outcome }) => outcome === 'passed')).toBe(true);
  });
});

it('docs/comparison.md has the results', () => {
  if (process.env['WRITE_PAGES'] !== undefined) {
    const withTable = readFileSync(page, 'utf8').replace(tablePattern, tableOf);
    writeFileSync(
      page,
      withTable.replace(notesPattern, () => contestants.map(notesOf).join('\n')),
    );
  }
  expect(tablePattern.exec(readFileSync(page, 'utf8'))?.[0]).toBe(tableOf());
  expect(results.get('latchkey')?.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
});
