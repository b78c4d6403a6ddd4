import { expect } from 'vitest';
import type { OperatorStore } from '../../../src/core/store.ts';
import { until } from '../../servers/redis-server.ts';
import { claimOf, completionOf } from '../requests.ts';

/** Requests that continue until they are stopped, each with a new key. */
export interface Load {
  /** Keys whose completion was acknowledged, in that order. */
  readonly acknowledged: readonly string[];
  /** Waits until this many more were acknowledged. */
  more(count: number): Promise<void>;
  /** Ends it. */
  end(): Promise<void>;
}

const workers = 16;

/** Long enough for a failover on a busy machine. */
const patienceMs = 50_000;

/**
 * Claims and completes keys of the given name. Every error must be `store-unavailable`; the key is then skipped.
 *
 * @param options.keyOf - the key of a number.
 */
export function startLoad(store: OperatorStore, keyOf: (number: number) => string): Load {
  const acknowledged: string[] = [];
  let number = 0;
  let over = false;
  const work = async () => {
    while (!over) {
      number += 1;
      const [key, token] = [keyOf(number), crypto.randomUUID()];
      try {
        expect(await store.claim(claimOf(key, token))).toMatchObject({ outcome: 'claimed', attempt: 1 });
        expect(await store.claim(claimOf(key, crypto.randomUUID()))).toMatchObject({ outcome: 'running' });
        expect(await store.complete(completionOf(key, token, key))).toBe('completed');
        acknowledged.push(key);
      } catch (error) {
        expect(error).toMatchObject({ code: 'store-unavailable' });
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  };
  const working = Promise.all(Array.from({ length: workers }, work));
  const failed = new Promise<never>((_, reject) => working.catch(reject));
  return {
    acknowledged,
    more: (count) => {
      const goal = acknowledged.length + count;
      const reached = until(`${count} more answers`, async () => acknowledged.length > goal, patienceMs);
      return Promise.race([reached, failed]);
    },
    end: async () => {
      over = true;
      await working;
    },
  };
}

/** Those of these keys whose answer differs from the acknowledged one. */
export async function lostOf(store: OperatorStore, keys: readonly string[]): Promise<readonly string[]> {
  const looks = keys.map(async (key) => {
    const record = await store.read(key);
    return new TextDecoder().decode(record?.result?.bytes) === key ? [] : [key];
  });
  return (await Promise.all(looks)).flat();
}
