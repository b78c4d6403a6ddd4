import type { DynamoDB } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { OperatorStore, Transacted } from '../../../src/core/store.ts';
import { type DynamodbTransactions, dynamodbStore } from '../../../src/stores/dynamodb/index.ts';
import { faultyStore, manualRuntime } from '../../../src/testing/index.ts';
import { isSelected } from '../../servers/selected.ts';
import {
  bytesOf,
  type Call,
  callStore,
  leaseMs,
  maxResultBytes,
  principals,
  resultOf,
  retentionMs,
  unresolvedRetentionMs,
} from '../model/calls.ts';
import { commands, type Real } from '../model/commands.ts';
import { Model } from '../model/model.ts';
import { useDynamodb } from './rig.ts';

/** A failure prints the seed; `SEED=…` runs the same commands again. */
const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const numRuns = 40;

type Kind = DynamodbTransactions<DynamoDB>;
type Collector = Kind['handle'];

describe.runIf(isSelected('dynamodb'))('every method in any order, with lost and repeated replies', () => {
  const rig = useDynamodb();

  for (const claimBy of ['write', 'read'] as const) {
    it(`behaves like the model, claiming by ${claimBy}`, async () => {
      const tables: Tables = { records: await rig().table(), effects: await rig().table(), claimBy, run: 0 };
      const property = fc.asyncProperty(commands(true), async (run) => {
        const { real, clear } = realOf(rig().client, tables);
        await fc.asyncModelRun(() => ({ model: new Model({ leaseOutlivesThrow: true }), real }), run);
        await clear();
      });
      await fc.assert(property, { numRuns, ...seed });
    });
  }
});

interface Tables {
  readonly records: string;
  readonly effects: string;
  readonly claimBy: 'write' | 'read';
  run: number;
}

function realOf(client: DynamoDB, tables: Tables): { real: Real; clear(): Promise<void> } {
  tables.run += 1;
  const { records, effects, claimBy, run } = tables;
  const runtime = manualRuntime(run + (claimBy === 'read' ? 1_000_000 : 0));
  const options = { client, table: records, runtime, maxResultBytes, clock: 'own', claimBy } as const;
  const { store, faults } = faultyStore(dynamodbStore(options), runtime);
  const made: string[] = [];
  const count = async () => (await client.scan({ TableName: effects, ConsistentRead: true, Select: 'COUNT' })).Count;
  const add = ({ add }: Collector) => {
    const pk = { S: runtime.random.uuid() };
    made.push(pk.S);
    add({ Put: { TableName: effects, Item: { pk } } });
  };
  const real: Real = {
    runtime,
    faults,
    call: (call) => (call.method === 'transaction' ? transact(store, add, call) : callStore(store, call)),
    effects: async () => (await count()) ?? 0,
  };
  const clear = async () => {
    for (const principal of principals) await store.erase(principal);
    for (const pk of made) await client.deleteItem({ TableName: effects, Key: { pk: { S: pk } } });
    await store.close();
  };
  return { real, clear };
}

async function transact(
  store: OperatorStore<Kind>,
  add: (collector: Collector) => void,
  call: Extract<Call, { end: string }>,
): Promise<string> {
  const write = { kind: 'result', result: resultOf(call.text), tombstone: bytesOf('gone'), retentionMs } as const;
  const step = { kind: 'step', name: 'transaction', value: bytesOf(call.text) } as const;
  const body = async (collector: Collector): Promise<Transacted<undefined>> => {
    add(collector);
    if (call.end === 'throw') throw new RangeError('the function failed');
    return { value: undefined, write: call.end === 'step' ? step : write };
  };
  const request = { id: call.id, token: call.token, leaseMs, unresolvedRetentionMs };
  try {
    return (await store.transaction?.(request, body))?.outcome ?? 'unsupported';
  } catch (error) {
    if (error instanceof RangeError) return 'thrown';
    throw error;
  }
}
