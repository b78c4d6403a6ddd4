import { stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { principalDigest, recordId } from '../../../src/core/support/digest.ts';
import { sqliteStore } from '../../../src/stores/sqlite/index.ts';
import { claimOf, completionOf } from '../requests.ts';
import { temporaryFolder } from './handles.ts';

const records = 10_000;
const resultBytes = 400;
const allowedOverheadBytes = 400;
const callers = 64;

describe('size of a record', () => {
  it(`is at most ${allowedOverheadBytes} bytes more than its result`, async () => {
    const folder = await temporaryFolder();
    const file = folder.path('store.db');
    const store = sqliteStore({ database: file, synchronous: 'normal' });
    const fingerprint = `v1:${recordId('print', [], '')}`;
    const run = async (index: number) => {
      const id = recordId('acct_1', ['POST', '/v1/charges'], String(index));
      const token = crypto.randomUUID();
      const change = { principal: principalDigest('acct_1'), operation: 'POST /v1/charges', fingerprint };
      await store.claim(claimOf(id, token, { ...change, operationId: crypto.randomUUID() }));
      await store.complete(completionOf(id, token, 'x'.repeat(resultBytes)));
    };
    for (let index = 0; index < records; index += callers)
      await Promise.all(Array.from({ length: Math.min(callers, records - index) }, (_, caller) => run(index + caller)));
    await store.close();
    expect((await stat(file)).size / records).toBeLessThanOrEqual(resultBytes + allowedOverheadBytes);
    await folder.remove();
  });
});
