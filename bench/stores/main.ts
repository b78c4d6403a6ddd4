// Latchkey on Redis and PostgreSQL, side by side with a bare server, a floor and others' libraries, in one run:
// npm run bench:stores -- [redis|postgres] [--only A,B] [--rounds N] [--seconds N] [--profile CONTESTANT [--replays]]
// Figures are printed, never asserted: they depend on the machine and on what else it does.

import { parseArgs } from 'node:util';
import { median } from '../median.ts';
import { topFunctions } from '../profile.ts';
import type { Backing } from './backing.ts';
import { contestants, isContestant, type Row } from './contestants.ts';
import { type Contest, type ContestName, contests, isContest } from './contests.ts';
import { Results, report } from './report.ts';
import { runRound, type Sample } from './round.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    only: { type: 'string' },
    profile: { type: 'string' },
    replays: { type: 'boolean', default: false },
  },
});
// V8 goes on compiling what is hot for some seconds, the longer the more code there is; a server runs for days.
const timing = { warmUpSeconds: 8, seconds: Number(values.seconds) };

function mediansOf(samples: readonly Sample[]): Sample {
  const of = (pick: (sample: Sample) => number) => median(samples.map(pick));
  return {
    requestsPerSecond: of((sample) => sample.requestsPerSecond),
    cpuUsPerRequest: of((sample) => sample.cpuUsPerRequest),
    commandsPerRequest: of((sample) => sample.commandsPerRequest),
  };
}

function isWanted({ contestant }: Row): boolean {
  return contestant === 'bare' || values.only === undefined || values.only.split(',').includes(contestant);
}

async function compare({ title, rows, targets }: Contest, backing: Backing, rounds: number): Promise<void> {
  const samples = new Map<Row, Sample[]>(rows.filter(isWanted).map((row) => [row, []]));
  for (let round = 1; round <= rounds; round += 1) {
    console.log(`${title}, round ${round} of ${rounds}`);
    for (const [row, taken] of samples) taken.push(await runRound(row, backing, timing));
  }
  const medians = [...samples].map(([row, taken]) => [row, mediansOf(taken)] as const);
  console.log(report(new Results(medians), targets));
}

async function profile(name: string, backing: Backing): Promise<void> {
  if (!isContestant(name)) throw new Error(`--profile takes one of ${Object.keys(contestants).join(', ')}`);
  const file = `latchkey-${name}.cpuprofile`;
  const row: Row = { contestant: name, keys: values.replays ? 'repeated' : 'unique' };
  await runRound(row, backing, { ...timing, seconds: 5, profile: file });
  console.log(`${topFunctions(file, 60)}\n\nThe whole profile is in ${file}.`);
}

async function run(name: ContestName): Promise<void> {
  const backing = await contests[name].start();
  try {
    if (values.profile === undefined) await compare(contests[name], backing, Number(values.rounds));
    else await profile(values.profile, backing);
  } finally {
    await backing.stop();
  }
}

for (const name of positionals.length === 0 ? Object.keys(contests) : positionals) {
  if (!isContest(name)) throw new Error(`No such store: ${name}; there are ${Object.keys(contests).join(', ')}`);
  await run(name);
}
