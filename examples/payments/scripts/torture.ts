/** `npm run torture`: the crash test, ten times as long. `SEED` repeats a run, `KILLS` changes its length. */

import { describeCrashes, runCrashes } from '../test/crash/crashes.ts';
import { chooseSeed } from '../test/support/random.ts';

const options = { kills: Number(process.env['KILLS'] ?? 200), seed: chooseSeed() };
console.log(`seed ${options.seed}`);
const report = await runCrashes(options);
console.log(describeCrashes(options, report));
process.exitCode = report.violations.length === 0 ? 0 : 1;
