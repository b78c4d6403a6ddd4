import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../../latchkey/test/servers/free-port.ts';
import { rows } from '../../src/conformance/rows/all.ts';
import { graded, rowsThat } from './graded.ts';
import type { Fault, ReferenceOptions } from './reference/faults.ts';
import { startReference } from './reference/server.ts';
import { argsFor } from './template-args.ts';

/** What a row needs of the reference server and of the command. */
interface Setting {
  readonly options?: ReferenceOptions;
  readonly args?: readonly string[];
  /** As a process that the tester starts and kills. */
  readonly process?: true;
}

const rerun: Setting = { options: { afterFailure: 'rerun' }, args: ['--after-failure', 'rerun'] };
const multipart = [
  ...['--header', 'Content-Type: multipart/form-data; boundary=one'],
  ...['--body', '--one\r\nContent-Disposition: form-data; name="amount"\r\n\r\n5\r\n--one--\r\n'],
];

/** The settings of rows that do not apply, or are not visible, by default. */
const settings: Readonly<Record<string, Setting>> = {
  R5: { options: { keyRequired: true }, args: ['--key', 'required'] },
  R9: { options: { keyFormat: 'strict' }, args: ['--key-format', 'strict'] },
  R24: { args: multipart },
  R30: { options: { whenRunning: 'wait' }, args: ['--when-running', 'wait'] },
  R36: rerun,
  R38: rerun,
  R40: { process: true },
  R41: { process: true },
  R46: { options: { retentionMs: 1_000 }, args: ['--retention', '1s'] },
};

/** The faults that each row must find. */
const faultsOf: Readonly<Record<string, readonly Fault[]>> = {
  R1: ['marks-first-answer'],
  R2: ['other-bytes', 'ignores-keys'],
  R3: ['no-marker'],
  R4: ['key-from-payload'],
  R5: ['missing-key-runs', 'refusals-run'],
  R6: ['missing-key-refused'],
  R7: ['refuses-quotes'],
  R8: ['quotes-belong-to-key'],
  R9: ['strict-takes-bare', 'refusals-run'],
  R10: ['takes-malformed-keys', 'refusals-run'],
  R11: ['empty-key-runs', 'refusals-run'],
  R12: ['no-length-limit', 'refusals-run'],
  R13: ['first-of-two-keys', 'refusals-run'],
  R14: ['header-in-one-case'],
  R15: ['lower-case-keys'],
  R16: ['strips-characters'],
  R17: ['ignores-payload', 'refusals-run'],
  R18: ['mismatch-deletes-record', 'refusals-run'],
  R19: ['ignores-query', 'refusals-run'],
  R20: ['ignores-path'],
  R21: ['compares-bytes'],
  R22: ['parses-json', 'refusals-run'],
  R23: ['parses-json', 'refusals-run'],
  R24: ['compares-boundary'],
  R25: ['compares-volatile-members'],
  R27: ['mismatch-after-conflict'],
  R28: ['duplicates-run'],
  R29: ['no-retry-after'],
  R30: ['conflict-instead-of-wait'],
  R31: ['duplicates-run'],
  R32: ['keeps-conflict'],
  R33: ['forgets-4xx'],
  R34: ['claims-before-authentication'],
  R35: ['forgets-5xx'],
  R36: ['keeps-5xx'],
  R38: ['keeps-429'],
  R40: ['memory-only'],
  R41: ['restart-runs-again'],
  R45: ['hang-up-releases'],
  R46: ['never-expires', 'ignores-keys'],
  R49: ['no-principal'],
  R51: ['replays-every-header'],
  R52: ['forgets-headers', 'joins-headers'],
  R53: ['text-bodies'],
  R54: ['large-runs-again'],
  R55: ['no-body-limit'],
  R56: ['empty-stream'],
  R57: ['keeps-truncated'],
  R58: ['guards-get', 'refuses-second-get'],
  R63: ['plain-errors'],
  R64: ['cacheable'],
  R65: ['hides-marker', 'allows-no-origin', 'allows-another-header'],
  R75: ['replays-origin'],
  R76: ['ignores-if-match', 'refusals-run'],
  R80: ['replays-compressed'],
  R81: ['forgets-429'],
};

const main = fileURLToPath(new URL('reference/main.ts', import.meta.url));

/** Grades a reference server of this process. */
async function gradeHere(options: ReferenceOptions, args: readonly string[]) {
  const { origin, close } = await startReference(options);
  try {
    return await graded([...argsFor(origin), ...args]);
  } finally {
    await close();
  }
}

/** Grades a reference server that the tester starts and kills. */
async function gradeProcess(options: ReferenceOptions, args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-reference-'));
  try {
    const port = await freePort();
    const json = JSON.stringify({ ...options, file: join(folder, 'records.json') });
    const start = `exec ${[process.execPath, main, String(port), json].map((word) => `'${word}'`).join(' ')}`;
    return await graded([...argsFor(`http://127.0.0.1:${port}`), '--start-command', start, ...args]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function reportOn(names: readonly string[], { options, args = [], process }: Setting, fault?: Fault) {
  const gradeServer = process === true ? gradeProcess : gradeHere;
  return gradeServer({ ...options, ...(fault && { fault }) }, [...args, '--rows', names.join(',')]);
}

const names = rows.map(({ id }) => id);

it('has a fault for every row', () => {
  expect(Object.keys(faultsOf).toSorted()).toEqual([...names].toSorted());
});

describe.concurrent('a right server', () => {
  it('passes every row that needs no setting', async () => {
    const plain = names.filter((name) => settings[name] === undefined);
    const { results } = await reportOn(plain, {});
    expect(results.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
  });

  it.each(Object.entries(settings))('passes %s', async (name, setting) => {
    expect(rowsThat('passed', await reportOn([name], setting))).toEqual([name]);
  });

  it('passes R41 under rerun', async () => {
    expect(rowsThat('passed', await reportOn(['R41'], { ...rerun, process: true }))).toEqual(['R41']);
  });
});

describe.concurrent('a server with one fault', () => {
  const cases = Object.entries(faultsOf).flatMap(([name, faults]) => faults.map((fault) => [name, fault] as const));

  it.each(cases)('fails %s: %s', async (name, fault) => {
    const [result] = (await reportOn([name], settings[name] ?? {}, fault)).results;
    expect(result).toMatchObject({ row: name, outcome: 'failed', note: expect.stringMatching(/\w/) });
    expect([result?.expected, result?.source]).toEqual([expect.stringMatching(/\w/), expect.stringMatching(/\w/)]);
  });

  it('fails R41 under rerun: a key that stays in use after a crash', async () => {
    const setting: Setting = { ...rerun, args: [...(rerun.args ?? []), '--max-wait', '3s'], process: true };
    const report = await reportOn(['R41'], setting, 'restart-holds-key');
    expect(rowsThat('failed', report)).toEqual(['R41']);
  });
});
