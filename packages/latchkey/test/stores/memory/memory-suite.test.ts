import { describe, it } from 'vitest';
import { memoryStore } from '../../../src/stores/memory/index.ts';
import { manualRuntime, storeSuite } from '../../../src/testing/index.ts';

describe('memory store', () => {
  storeSuite({
    describe,
    it,
    capabilities: ['operator', 'watch'],
    create: ({ maxResultBytes }) => {
      const runtime = manualRuntime();
      return { store: memoryStore({ runtime, maxResultBytes }), advance: runtime.advance };
    },
  });
});
