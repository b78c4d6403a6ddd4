import { readFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { manualRuntime, storeSuite } from 'latchkey/testing';
import { describe, expect, it } from 'vitest';
import { OwnStore } from '../own-store.ts';

const folderOf = (path: string) => new URL(path, import.meta.url);

describe('the store of docs/writing-a-store.md', () => {
  storeSuite({
    describe,
    it,
    capabilities: ['operator'],
    create: ({ maxResultBytes }) => {
      const db = new DatabaseSync(':memory:');
      const { clock, advance } = manualRuntime();
      return { store: new OwnStore(db, { maxResultBytes, now: clock.now }), advance, dispose: () => db.close() };
    },
  });

  it('is the same on the page, in less than 150 lines', async () => {
    const [page, store] = await Promise.all([
      readFile(folderOf('../../../docs/writing-a-store.md'), 'utf8'),
      readFile(folderOf('../own-store.ts'), 'utf8'),
    ]);
    expect(page).toContain(`\`\`\`ts\n${store}\`\`\``);
    expect(store.trimEnd().split('\n').length).toBeLessThan(150);
  });
});
