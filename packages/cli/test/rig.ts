/** An SQLite file with records, and the command line on it. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordReference } from 'latchkey/engine';
import { storeFromUrl } from 'latchkey/store-from-url';
import type { ClaimRequest } from '../../latchkey/src/core/store.ts';
import { lapse } from '../../latchkey/test/operator/records.ts';
import { type Ended, type Given, runCli } from './run-cli.ts';

/** A file, its URL, and commands on it. */
export async function rig() {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-cli-'));
  const url = `sqlite:${join(folder, 'records.db')}`;
  const store = await storeFromUrl(url);
  const env = { LATCHKEY_STORE: url };
  return {
    url,
    store,
    path: (name: string) => join(folder, name),
    /** Adds a lapsed record, and returns its reference. */
    lapse: async (id: string, change: Partial<ClaimRequest> = {}) => {
      await lapse(store, id, change);
      return recordReference(id);
    },
    cli: (args: readonly string[], given: Given = {}): Promise<Ended> => runCli(args, { env, ...given }),
    end: async () => {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Who and why, without a question. */
export const consent = ['--who', 'ann', '--why', 'ch_1 is at the provider.', '--yes'];
