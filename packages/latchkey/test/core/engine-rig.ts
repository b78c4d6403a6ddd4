/** An engine on the memory store, with time and faults controlled by the test. */

import type { Context } from '../../src/core/context.ts';
import { Engine } from '../../src/core/engine/engine.ts';
import { loadRecovery, loadWaiting } from '../../src/core/engine/on-demand.ts';
import type { LatchkeyEvent } from '../../src/core/events.ts';
import type { Operation, Outcome, RunResult } from '../../src/core/operation.ts';
import type { OperationSettings } from '../../src/core/settings.ts';
import { resolveSettings } from '../../src/core/settings.ts';
import { digestParts } from '../../src/core/support/digest.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { manualRuntime } from '../../src/testing/manual-clock.ts';

// Loading takes real time, which the manual clock does not control.
await Promise.all([loadRecovery(), loadWaiting()]);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const runResult = (outcome: RunResult['outcome'], text: string): RunResult => ({
  outcome,
  result: { kind: 'value', bytes: encoder.encode(text) },
  tombstone: encoder.encode('tombstone'),
});

export const done = (text: string): RunResult => runResult('done', text);

/** The content of a replay, or the kind of another outcome. */
export function told(outcome: Outcome): string {
  if (outcome.kind === 'replay') return `replay ${outcome.result.kind} ${decoder.decode(outcome.result.bytes)}`;
  if (outcome.kind === 'executed') return `executed ${outcome.recorded}`;
  if (outcome.kind === 'unavailable') return `unavailable ${outcome.error.code}`;
  return outcome.kind;
}

export function operation(settings: Partial<OperationSettings> = {}, key = 'k', payload = 'p'): Operation {
  return {
    id: digestParts('record', key),
    principal: 'principal',
    name: 'charge',
    fingerprint: payload,
    settings: resolveSettings('test', { leaseMs: 30_000, ...settings }),
  };
}

/** A handler that a test opens and closes. */
export function gate<T>(): { readonly opened: Promise<T>; open(value: T): void } {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { opened: promise, open: resolve };
}

export function engineRig() {
  const runtime = manualRuntime();
  const memory = memoryStore({ runtime });
  const { store, faults } = faultyStore(memory, runtime);
  const events: LatchkeyEvent[] = [];
  const worker = () => new Engine({ store, runtime, onEvent: (event) => void events.push(event) });
  let executions = 0;
  const counted =
    (run: (context: Context) => Promise<RunResult> | RunResult) =>
    async (context: Context): Promise<RunResult> => {
      executions += 1;
      return run(context);
    };
  return { runtime, memory, faults, events, worker, counted, executions: () => executions };
}
