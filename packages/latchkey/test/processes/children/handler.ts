/** The handler of a server process: makes one effect in the requested way, and records it. */

import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { LatchkeyError } from '../../../src/core/errors.ts';
import type { Owner, TransactionKind } from '../../../src/core/store.ts';
import type { HttpContext } from '../../../src/http/layer.ts';
import { type AnswerBody, type HandlerEvent, machineTime, runField, type Task } from '../history/events.ts';
import type { WriteLine } from '../history/log.ts';
import type { OpenedStore } from './opened-store.ts';
import { writeAsOwner } from './zombie.ts';

export interface Execution {
  readonly task: Task;
  readonly context: HttpContext<TransactionKind>;
  readonly opened: OpenedStore;
  /** The claim of this execution; only absent with a faulty layer. */
  readonly owner: Owner | undefined;
  /** Writes a line about this execution. */
  readonly note: (type: HandlerEvent['type'], note?: string) => void;
}

export function noteOf(log: WriteLine, worker: number, task: Task, context: Execution['context']): Execution['note'] {
  const { operationId, attempt } = context;
  const { key } = task;
  return (type, note) => {
    const rest = note === undefined ? {} : { note };
    log({ type, worker, key, operationId, attempt, at: machineTime(), ...rest });
  };
}

/** Runs the task, and answers. */
export async function execute(execution: Execution, response: ServerResponse): Promise<void> {
  const { task, note, context } = execution;
  const answer: AnswerBody = { key: task.key, payload: task.payload, run: crypto.randomUUID() };
  note('began');
  context.signal.addEventListener('abort', () => note('aborted'));
  try {
    await work(execution, answer);
  } finally {
    note('ended');
  }
  if (!response.headersSent) response.writeHead(201, fieldsOf(answer));
  response.end(JSON.stringify(answer));
}

async function work(execution: Execution, answer: AnswerBody): Promise<void> {
  const { task, note, context, opened, owner } = execution;
  const isFirst = context.attempt === 1;
  try {
    await ways[task.doing](execution, answer);
    if (task.probes && isFirst && owner) await writeAsOwner(opened, owner, effectOf(answer));
  } catch (error) {
    note('refused', error instanceof LatchkeyError ? error.code : String(error));
    throw error;
  }
  if (task.fails && isFirst) throw new Error('The first attempt fails, as it was asked to.');
}

/** A field of two lines, which must come back as two. */
const fieldsOf = ({ run }: AnswerBody) => ({
  'content-type': 'application/json',
  [runField]: [run, `again ${run}`],
});

function hold({ task, context }: Execution): Promise<void> {
  return pause(context.attempt === 1 ? task.holdMs : quickMs);
}

const quickMs = 10;

const effectOf = ({ key, run }: AnswerBody) => `${key} ${run}`;

const ways: Record<Task['doing'], (execution: Execution, answer: AnswerBody) => Promise<unknown>> = {
  plain: async (execution) => {
    execution.note('effect');
    await hold(execution);
  },

  step: async (execution) => {
    const { context, note } = execution;
    await hold(execution);
    await context.step('effect', ({ idempotencyKey }) => {
      note('effect', idempotencyKey);
      return 'made';
    });
  },

  transaction: async (execution, answer) => {
    const { context, opened } = execution;
    await hold(execution);
    await context.transaction('effect', (handle) => opened.write?.(handle, effectOf(answer)));
    await pause(quickMs);
  },

  finish: async (execution, answer) => {
    const { context, opened } = execution;
    const done = { status: 201, headers: fieldsOf(answer), body: answer };
    if (opened.waits)
      await context.finish(async (handle) => {
        await hold(execution);
        await opened.write?.(handle, effectOf(answer));
        return done;
      });
    else {
      await hold(execution);
      await context.finish((handle) => {
        void opened.write?.(handle, effectOf(answer));
        return done;
      });
    }
  },
};
