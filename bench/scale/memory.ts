import { memoryStore } from 'latchkey/memory';
import { makeRecord, type Scaled } from './scaled.ts';

export async function scaledMemory(): Promise<Scaled> {
  const store = memoryStore({ maxRecords: 5_000_000, maxBytes: 2 ** 33 });
  return {
    store,
    fill: async (from, to) => {
      for (let number = from; number < to; number += 1) await makeRecord(store, number);
    },
    stop: () => store.close(),
  };
}
