// Compares Latchkey with a bare server and with its own former code, in one run: npm run bench -- [--only
// node,express,fastify,hono,koa,nest,sqlite] [--processes N] [--seconds N] [--profile ROW] Figures are printed, never asserted,
// since they depend on the machine and its load.

import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureFdatasync } from './fdatasync.ts';
import { formerFolder } from './former.ts';
import { topFunctions } from './profile.ts';
import { lowerQuartile, upperQuartile } from './quartile.ts';
import { report } from './report.ts';
import { Results } from './results.ts';
import { heapBytesOf, type Places, profileRow, type RowSample, runRound } from './round.ts';
import { type GroupName, groups, isGroupName, type Row, rowsIn, titleOf } from './rows.ts';
import { bestOf, type Timing } from './sampling.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(groups).join(',') },
    processes: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '2' },
    profile: { type: 'string' },
  },
});

const timing: Timing = { warmUpSeconds: 3, seconds: Number(values.seconds), slices: 5 };

function wantedGroups(): GroupName[] {
  const names = values.only.split(',');
  const wrong = names.find((name) => !isGroupName(name));
  if (wrong !== undefined) throw new Error(`--only takes some of ${Object.keys(groups).join(', ')}; got "${wrong}"`);
  return names.filter(isGroupName);
}

/** Each row runs in a new process, in rounds, so that a busy minute of the machine affects all rows. */
async function compare(names: readonly GroupName[], places: Places): Promise<void> {
  const rows = rowsIn(names);
  const samples = new Map<Row, RowSample[]>(rows.map((row) => [row, []]));
  const fdatasyncs: number[] = [];
  const processes = Number(values.processes);
  for (let process = 1; process <= processes; process += 1) {
    console.log(`process ${process} of ${processes} of ${rows.length} rows`);
    if (names.includes('sqlite')) fdatasyncs.push(measureFdatasync(places.data, 0.5));
    for (const [row, taken] of samples) taken.push(await runRound(row, places, timing));
  }
  const heap = await heapOf(names, places);
  const figures = new Map([...samples].map(([row, taken]) => [titleOf(row), figuresOf(row, taken, heap)]));
  console.log(report(rows, new Results(figures, upperQuartile(fdatasyncs))));
}

function figuresOf(row: Row, taken: readonly RowSample[], heap: ReadonlyMap<string, number>): RowSample {
  return {
    ...bestOf(taken),
    heapBytesPerRequest: heap.get(titleOf(row)) ?? Number.NaN,
    bytesPerRecord: lowerQuartile(taken.map(({ bytesPerRecord }) => bytesPerRecord)),
  };
}

/** The heap is measured only on Fastify, in separate processes. */
async function heapOf(names: readonly GroupName[], places: Places): Promise<Map<string, number>> {
  const heap = new Map<string, number>();
  if (names.includes('fastify'))
    for (const row of groups.fastify) heap.set(titleOf(row), await heapBytesOf(row, places));
  return heap;
}

async function profile(title: string, places: Places): Promise<void> {
  const rows = rowsIn(wantedGroups());
  const row = rows.find((known) => titleOf(known) === title);
  if (row === undefined) throw new Error(`--profile takes one of:\n${rows.map(titleOf).join('\n')}`);
  const file = `latchkey-${title.replaceAll(/\W+/g, '-')}.cpuprofile`;
  await profileRow(row, places, file);
  console.log(`${topFunctions(file, 40)}\n\nThe whole profile is in ${file}.`);
}

// Not the system's temporary folder, which may be in memory.
const places: Places = { data: fileURLToPath(new URL('data', import.meta.url)), former: await formerFolder() };
mkdirSync(places.data, { recursive: true });
try {
  if (values.profile === undefined) await compare(wantedGroups(), places);
  else await profile(values.profile, places);
} finally {
  rmSync(places.data, { recursive: true });
}
