/**
 * `npm run torture:stores`: every scenario on every store, at full length. Options after `--`: `--store redis` (may be
 * repeated), `--seed N` repeats a run's random choices, `--keys N` changes the length of every scenario,
 * `--scenario killed` selects those with that word in their name.
 */

import { parseArgs } from 'node:util';
import { backends } from '../processes/backends/all.ts';
import { startFleet } from '../processes/fleet/fleet.ts';
import { scenarios } from '../processes/scenarios/all.ts';
import { type Report, runScenario } from '../processes/scenarios/run-scenario.ts';

const { values } = parseArgs({
  options: {
    store: { type: 'string', multiple: true, default: Object.keys(backends) },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    keys: { type: 'string' },
    scenario: { type: 'string', default: '' },
  },
});
const seed = Number(values.seed);
const shown = 10;

function line(store: string, report: Report): string {
  const { scenario, keys, requests, executions, takeovers, unknown, refused, kills, seconds, violations } = report;
  const numbers = [keys, requests, executions, takeovers, unknown, refused, kills].map(String);
  return `| ${[store, scenario, ...numbers, seconds.toFixed(1), String(violations.length)].join(' | ')} |`;
}

async function torture(store: string, start: (typeof backends)['sqlite']): Promise<number> {
  const backend = await start();
  const fleet = await startFleet(backend, { seed });
  const stop = async () => {
    await fleet.stop();
    await backend.stop();
  };
  const interrupted = () => void stop().finally(() => process.exit(130));
  process.once('SIGINT', interrupted);
  let broken = 0;
  try {
    for (const scenario of scenarios) {
      if (!scenario.stores.includes(backend.name) || !scenario.name.includes(values.scenario)) continue;
      const report = await runScenario(fleet, scenario, { keys: Number(values.keys ?? scenario.manyKeys) });
      broken += report.violations.length;
      console.log(line(store, report));
      for (const { rule, key, detail } of report.violations.slice(0, shown))
        console.log(`  ${rule}: ${key}: ${detail}`);
    }
  } finally {
    process.off('SIGINT', interrupted);
    await stop();
  }
  return broken;
}

console.log(`--seed ${seed}`);
console.log(
  '| store | scenario | keys | requests | executions | of them again | outcome unknown | refused | kills | s | violations |',
);
console.log('|---|---|---|---|---|---|---|---|---|---|---|');
let broken = 0;
for (const [store, start] of Object.entries(backends))
  if (values.store.includes(store)) broken += await torture(store, start);
process.exitCode = broken === 0 ? 0 : 1;
