/** Every scenario on one store, at the length of `npm test`; `npm run torture:stores` runs longer. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patience } from '../servers/patience.ts';
import { isSelected } from '../servers/selected.ts';
import { backends } from './backends/all.ts';
import type { Backend } from './backends/backend.ts';
import { type Fleet, startFleet } from './fleet/fleet.ts';
import { scenarios } from './scenarios/all.ts';
import { runScenario } from './scenarios/run-scenario.ts';
import type { StoreName } from './scenarios/scenario.ts';

const timeoutMs = patience(120_000);

/** A run prints its random seed; `SEED` repeats one. */
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

export function processSuite(name: StoreName): void {
  if (!isSelected(name)) return;
  describe(`four server processes on ${name}`, () => {
    let backend: Backend;
    let fleet: Fleet;

    beforeAll(async () => {
      console.log(`SEED=${seed}`);
      backend = await backends[name]();
      fleet = await startFleet(backend, { seed });
    }, timeoutMs);

    afterAll(async () => {
      await fleet.stop();
      await backend.stop();
    });

    for (const scenario of scenarios.filter(({ stores }) => stores.includes(name)))
      it(
        `keep every promise: ${scenario.name}`,
        async () => {
          const report = await runScenario(fleet, scenario, { keys: scenario.fewKeys });
          expect(report.violations).toEqual([]);
        },
        timeoutMs,
      );
  });
}
