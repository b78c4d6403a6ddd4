/** The client without a bundler: a single script, and modules that a browser can load directly. */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { deadUrl } from './misbehaving-server.ts';

const entry = new URL('../../src/client/index.ts', import.meta.url);

async function importedFrom(file: URL, found = new Set<string>()): Promise<Set<string>> {
  if (found.has(file.href)) return found;
  found.add(file.href);
  const source = await readFile(file, 'utf8');
  for (const [, specifier = ''] of source.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)';/gm)) {
    expect(specifier).toMatch(/^\.\.?\//);
    await importedFrom(new URL(specifier, file), found);
  }
  return found;
}

describe('the client alone', () => {
  it('loads nothing but its own files, those of protocol, and a few pure ones of core', async () => {
    const files = [...(await importedFrom(entry))].filter((href) => !href.includes('/client/'));
    const names = files.map((href) => href.slice(href.lastIndexOf('/src/') + 5)).sort();
    const pure = [
      'errors',
      'options/nearest-name',
      'options/read-options',
      'options/rules',
      'runtime',
      'support/backoff',
      'support/copies',
    ];
    expect(names.filter((name) => !name.startsWith('protocol/'))).toEqual(pure.map((name) => `core/${name}.ts`));
  });

  it('keeps a Node process alive that waits for a retry', async () => {
    const script = `
      import { idempotentFetch } from ${JSON.stringify(entry.href)};
      const send = idempotentFetch({ maxAttempts: 2, baseDelayMs: 200 });
      const error = await send(process.argv[1], { method: 'POST', operation: 'o' }).catch((error) => error);
      console.log(error.code, error.attempts);`;
    const flags = ['--experimental-strip-types', '--no-warnings', '--input-type=module', '--eval', script];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, await deadUrl()]);
    expect(stdout).toBe('retries-exhausted 2\n');
  });
});
