import type { Backend } from '../backends/backend.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Policy, Task } from '../history/events.ts';

export type StoreName = Backend['name'];

/** Those behind a server. */
export const servers: readonly StoreName[] = ['postgres', 'redis', 'mariadb', 'dynamodb'];
export const everyStore: readonly StoreName[] = ['sqlite', ...servers];

export interface Scenario {
  readonly name: string;
  /** The stores to which it applies. */
  readonly stores: readonly StoreName[];
  /** Number of keys of a short and of a long run. */
  readonly fewKeys: number;
  readonly manyKeys: number;
  /** True for a run without faults: then every key must run once and be answered. */
  readonly undisturbed?: true;
  /** Runs it; returns expected events that did not happen. */
  play(fleet: Fleet, tasks: TaskMaker, scale: Scale): Promise<readonly string[] | undefined>;
}

/** The length of a run. */
export interface Scale {
  readonly keys: number;
}

/** Makes tasks with unique keys, and keeps them for the checker. */
export type TaskMaker = (count: number, wanted: Partial<Task>) => readonly Task[];

/**
 * @param prefix - the prefix of all keys. @param made - the list of tasks.
 * @param mayFail - whether some first attempts fail.
 */
export function taskMaker({ backend }: Fleet, prefix: string, made: Task[], mayFail: boolean): TaskMaker {
  return (count, wanted) => {
    const tasks = Array.from({ length: count }, (_, index): Task => {
      const policy: Policy = wanted.policy ?? (index % 2 === 0 ? 'refuse' : 'rerun');
      return {
        ...nameOf(prefix, made.length + index),
        ...(mayFail && index % 8 === 3 && { fails: true }),
        policy,
        doing: policy === 'refuse' ? 'plain' : repeatable(backend, index),
        payload: `payload ${index}`,
        holdMs: 10,
        leaseMs: 30_000,
        whenRunning: index % 4 < 2 ? 'reject' : 'wait',
        ...wanted,
      };
    });
    made.push(...tasks);
    return tasks;
  };
}

/** Two tenants use every value of the field. */
function nameOf(prefix: string, number: number): Pick<Task, 'key' | 'tenant' | 'field'> {
  const tenant = number % 2 === 0 ? 'left' : 'right';
  const field = `${prefix}-${Math.floor(number / 2)}`;
  return { key: `${field}.${tenant}`, tenant, field };
}

function repeatable({ hasTransactions }: Backend, index: number): Task['doing'] {
  if (!hasTransactions) return 'step';
  return index % 4 === 1 ? 'finish' : 'transaction';
}
