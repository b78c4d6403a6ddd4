import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { inlineTexts } from './packages/latchkey/scripts/inline-texts.mjs';
import SlowFirst from './scripts/test/slow-first.mjs';

// The library's tests run its sources, which these modules belong to.
inlineTexts();

export default defineConfig({
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'examples/*/test/**/*.test.ts',
      '{edges,bundles,site,tools/nest,tools/openapi,tools/otel}/test/**/*.test.ts',
    ],
    // What the library logs by default is tested where it is meant; elsewhere the faults are on purpose.
    onConsoleLog: (text) => !text.startsWith('latchkey '),
    setupFiles: ['scripts/test/setup.mjs'],
    // Most tests wait for servers and timers, so that one more than the cores of a small machine is quicker.
    maxWorkers: 3,
    // A test runs Vitest in a project of its own, which would empty the default folder for its own lockfile.
    fsModuleCachePath: fileURLToPath(new URL('node_modules/.vitest-modules', import.meta.url)),
    sequence: { sequencer: SlowFirst },
    expect: { poll: { timeout: 20_000 } },
  },
});
