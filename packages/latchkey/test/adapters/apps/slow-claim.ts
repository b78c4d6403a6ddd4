import { memoryStore } from '../../../src/stores/memory/index.ts';
import { gate } from '../../../src/testing/adapter-suite/world.ts';
import { faultyStore } from '../../../src/testing/index.ts';

/** The requests of these tests. */
export const body = JSON.stringify({ amount: 4200 });

/** A store whose first claim waits, and the server's observations. */
export function slowClaim() {
  const memory = memoryStore();
  const { passed, open: openClaim } = gate();
  const seen = { claims: 0, closed: 0, bodies: [] as string[] };
  const store = {
    ...faultyStore(memory).store,
    claim: async (request: Parameters<typeof memory.claim>[0]) => {
      seen.claims += 1;
      if (seen.claims === 1) await passed;
      return memory.claim(request);
    },
  };
  const states = async () => {
    const found = await Promise.all(
      (['running', 'open', 'lapsed', 'completed'] as const).map((state) => memory.list({ state, limit: 10 })),
    );
    return found.flatMap(({ records }) => records.map(({ state }) => state));
  };
  const isIdle = async () => {
    const [state] = await states();
    return state !== undefined && state !== 'running';
  };
  /** Counts the end of a request, or of its connection. */
  const closes = (ended: { once(event: 'close', listener: () => void): unknown }) => {
    ended.once('close', () => {
      seen.closed += 1;
    });
  };
  return { options: { store, principal: () => 'tenant' }, seen, openClaim, states, isIdle, closes };
}

/** See the function. */
export type SlowClaim = ReturnType<typeof slowClaim>;
