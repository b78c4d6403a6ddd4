import { describe, expect, it } from 'vitest';
import { dynamodbStore } from '../../../src/stores/dynamodb/index.ts';
import { outputOf, spawnChild } from '../sqlite/children/spawn-child.ts';
import type { Rig } from './rig.ts';

const processes = 4;
const keys = 200;
const duplicates = 8;

export function processTests(rig: () => Rig): void {
  describe('many processes on one DynamoDB table', () => {
    it('claim every key exactly once, their clocks minutes apart', async () => {
      const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
      console.log(`SEED=${seed}`);
      const table = await rig().table();
      const args = [String(rig().server.port), table, String(keys), String(duplicates / processes)];
      const children = Array.from({ length: processes }, (_, index) =>
        spawnChild('../../dynamodb/children/claim-keys.ts', [
          ...args,
          String(seed + index),
          String(index * 200_000 - 300_000),
        ]),
      );
      const outputs = await Promise.all(children.map(outputOf));
      const claimed = outputs.flatMap((output): [string, string][] => JSON.parse(output));
      expect(claimed).toHaveLength(keys);
      const tokens = new Map(claimed);
      expect(tokens.size).toBe(keys);
      const store = dynamodbStore({ client: rig().client, table });
      for (const [key, token] of tokens) {
        const record = await store.read(key);
        expect(record?.state).toBe('completed');
        expect(new TextDecoder().decode(record?.result?.bytes)).toBe(token);
      }
      await store.close();
    });
  });
}
