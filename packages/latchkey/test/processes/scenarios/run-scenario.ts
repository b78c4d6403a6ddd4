/** Runs a scenario on a fleet, sends every request once more, and checks the history. */

import type { Fleet } from '../fleet/fleet.ts';
import { audit } from '../fleet/load.ts';
import { type Violation, violationsOf } from '../history/checker.ts';
import { machineTime, type RunEvent, type Task } from '../history/events.ts';
import { type Scale, type Scenario, taskMaker } from './scenario.ts';

export interface Report {
  readonly scenario: string;
  readonly keys: number;
  readonly requests: number;
  readonly executions: number;
  readonly takeovers: number;
  readonly unknown: number;
  /** Refused or failed steps and transactions. */
  readonly refused: number;
  readonly kills: number;
  readonly seconds: number;
  readonly violations: readonly Violation[];
}

let played = 0;

export async function runScenario(fleet: Fleet, scenario: Scenario, scale: Scale): Promise<Report> {
  const startedAt = machineTime();
  const tasks: Task[] = [];
  played += 1;
  const maker = taskMaker(fleet, `${scenario.name.replaceAll(/[ ,’]+/g, '-')}-${played}`, tasks, !scenario.undisturbed);
  const unmet = [...((await scenario.play(fleet, maker, scale)) ?? [])];
  const happened = () => fleet.events().filter(({ at }) => at >= startedAt);
  await audit(fleet, tasks, happened());
  for (const { crashes } of fleet.workers) unmet.push(...crashes.splice(0).map((said) => `a process ended: ${said}`));
  const events = happened();
  const run = { tasks, events, effects: await fleet.backend.effects(), undisturbed: scenario.undisturbed === true };
  const violations = [
    ...unmet.map((detail) => ({ rule: 'the scenario itself', key: '', detail })),
    ...violationsOf(run),
  ];
  return { scenario: scenario.name, violations, seconds: (machineTime() - startedAt) / 1000, ...counts(tasks, events) };
}

function counts(tasks: readonly Task[], events: readonly RunEvent[]) {
  const count = (test: (event: RunEvent) => boolean) => events.filter(test).length;
  return {
    keys: tasks.length,
    requests: count(({ type }) => type === 'told'),
    executions: count(({ type }) => type === 'began'),
    takeovers: count((event) => event.type === 'began' && event.attempt > 1),
    unknown: count((event) => event.type === 'told' && event.code === 'outcome-unknown'),
    refused: count(({ type }) => type === 'refused'),
    kills: count(({ type }) => type === 'killed'),
  };
}
