// Compares Latchkey on Redis and PostgreSQL with a bare server, a floor and other libraries, in one run: npm run
// bench:stores -- [redis|postgres] [--only A,B] [--processes N] [--seconds N] [--profile CONTESTANT [--replays]]
// Figures are printed, never asserted, since they depend on the machine and its load.

import { parseArgs } from 'node:util';
import { formerFolder } from '../former.ts';
import { topFunctions } from '../profile.ts';
import { lowerQuartile } from '../quartile.ts';
import { bestOf, type Timing } from '../sampling.ts';
import type { Backing } from './backing.ts';
import { contestants, isContestant, type Row } from './contestants.ts';
import { type Contest, type ContestName, contests, isContest } from './contests.ts';
import { Results, report } from './report.ts';
import { profileRow, type RowSample, runRound } from './round.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    processes: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '2' },
    only: { type: 'string' },
    profile: { type: 'string' },
    replays: { type: 'boolean', default: false },
  },
});
const timing: Timing = { warmUpSeconds: 3, seconds: Number(values.seconds), slices: 5 };

function figuresOf(samples: readonly RowSample[]): RowSample {
  return {
    ...bestOf(samples),
    commandsPerRequest: lowerQuartile(samples.map(({ commandsPerRequest }) => commandsPerRequest)),
  };
}

function isWanted({ contestant }: Row): boolean {
  return contestant === 'bare' || values.only === undefined || values.only.split(',').includes(contestant);
}

/** Each row runs in a new process, in rounds, so that a busy minute of the machine affects all rows. */
async function compare({ title, rows, targets }: Contest, backing: Backing): Promise<void> {
  const samples = new Map<Row, RowSample[]>(rows.filter(isWanted).map((row) => [row, []]));
  const processes = Number(values.processes);
  for (let process = 1; process <= processes; process += 1) {
    console.log(`${title}, process ${process} of ${processes} of ${samples.size} rows`);
    for (const [row, taken] of samples) taken.push(await runRound(row, backing, timing));
  }
  const figures = [...samples].map(([row, taken]) => [row, figuresOf(taken)] as const);
  console.log(report(new Results(figures), targets));
}

async function profile(name: string, backing: Backing): Promise<void> {
  if (!isContestant(name)) throw new Error(`--profile takes one of ${Object.keys(contestants).join(', ')}`);
  const file = `latchkey-${name}.cpuprofile`;
  await profileRow({ contestant: name, keys: values.replays ? 'repeated' : 'unique' }, backing, file);
  console.log(`${topFunctions(file, 60)}\n\nThe whole profile is in ${file}.`);
}

async function run(name: ContestName): Promise<void> {
  const former = await formerFolder();
  const started = await contests[name].start();
  const backing = { ...started, engines: { ...started.engines, former } };
  try {
    if (values.profile === undefined) await compare(contests[name], backing);
    else await profile(values.profile, backing);
  } finally {
    await backing.stop();
  }
}

for (const name of positionals.length === 0 ? Object.keys(contests) : positionals) {
  if (!isContest(name)) throw new Error(`No such store: ${name}; there are ${Object.keys(contests).join(', ')}`);
  await run(name);
}
