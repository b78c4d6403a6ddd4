// Latchkey side by side with a bare server, in one run: npm run bench -- [--rounds N] [--seconds N] [--profile ROW]
// Figures are printed, never asserted: they depend on the machine and on what else it does.

import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureFdatasync } from './fdatasync.ts';
import { median } from './median.ts';
import { topFunctions } from './profile.ts';
import { report } from './report.ts';
import { runRound, type Sample } from './round.ts';
import { eachRow, isRowName, type RowName, rowNames, rows } from './rows.ts';
import type { Figures } from './targets.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    profile: { type: 'string' },
  },
});

// Not the system's temporary folder, which may be in memory, where nothing has to be made durable.
const folder = fileURLToPath(new URL('data', import.meta.url));
const timing = { folder, warmUpSeconds: 8, seconds: Number(values.seconds) };

function figuresOf(samples: readonly Sample[]): Figures {
  const of = (pick: (sample: Sample) => number | undefined) =>
    median(samples.map((sample) => pick(sample) ?? Number.NaN));
  return {
    requestsPerSecond: of((sample) => sample.requestsPerSecond),
    cpuUsPerRequest: of((sample) => sample.cpuUsPerRequest),
    delayP99Ms: of((sample) => sample.delayP99Ms),
    bytesPerRecord: of((sample) => sample.bytesPerRecord),
  };
}

async function compare(rounds: number): Promise<void> {
  const samples = eachRow<Sample[]>(() => []);
  const fdatasyncs: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    console.log(`round ${round} of ${rounds}`);
    fdatasyncs.push(measureFdatasync(folder, 0.5));
    for (const name of rowNames) samples[name].push(await runRound(rows[name], timing));
  }
  const figures = eachRow((name) => figuresOf(samples[name]));
  console.log(report({ rows: figures, fdatasyncPerSecond: median(fdatasyncs) }));
}

async function profile(name: RowName): Promise<void> {
  const file = `latchkey-${name}.cpuprofile`;
  await runRound(rows[name], { ...timing, seconds: 5, profile: file });
  console.log(`${topFunctions(file, 40)}\n\nThe whole profile is in ${file}.`);
}

mkdirSync(folder, { recursive: true });
try {
  if (values.profile === undefined) await compare(Number(values.rounds));
  else if (isRowName(values.profile)) await profile(values.profile);
  else throw new Error(`--profile takes one of ${rowNames.join(', ')}`);
} finally {
  rmSync(folder, { recursive: true });
}
