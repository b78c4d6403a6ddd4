import type { Backend } from '../backends/backend.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Policy, Task } from '../history/events.ts';

export type StoreName = Backend['name'];

/** Those behind a server. */
export const servers: readonly StoreName[] = ['postgres', 'redis', 'mariadb', 'dynamodb'];
export const everyStore: readonly StoreName[] = ['sqlite', ...servers];

export interface Scenario {
  readonly name: string;
  /** The stores on which it means something. */
  readonly stores: readonly StoreName[];
  /** How many keys make a short run, and a long one. */
  readonly fewKeys: number;
  readonly manyKeys: number;
  /** True if nothing goes wrong in it: then every key runs once, and is answered. */
  readonly undisturbed?: true;
  /** Runs it; what it returns is what it should have seen and did not. */
  play(fleet: Fleet, tasks: TaskMaker, scale: Scale): Promise<readonly string[] | undefined>;
}

/** How long a run is. */
export interface Scale {
  readonly keys: number;
}

/** Makes tasks with keys that no other has; remembers them for the checker. */
export type TaskMaker = (count: number, wanted: Partial<Task>) => readonly Task[];

/**
 * @param prefix - what all keys begin with.
 * @param made - where the tasks are remembered.
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
