import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sqliteStore } from 'latchkey/sqlite';

type State = 'running' | 'completed';

/** The ids of all operations in one state, read directly from the file. */
export async function operationsIn(dataFolder: string, state: State): Promise<ReadonlySet<string>> {
  const database = new DatabaseSync(join(dataFolder, 'payments.sqlite'));
  const store = sqliteStore({ database });
  const found = new Set<string>();
  try {
    let cursor: string | undefined;
    do {
      const page = await store.list({ state, limit: 1_000, ...(cursor !== undefined && { cursor }) });
      for (const { operationId } of page.records) found.add(operationId);
      cursor = page.next;
    } while (cursor !== undefined);
    return found;
  } finally {
    await store.close();
    database.close();
  }
}
