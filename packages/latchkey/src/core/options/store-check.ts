/**
 * Finds at start-up a store that doesn't fit its use.
 *
 * @module
 */

import { LatchkeyError } from '../errors.ts';
import type { AnyStore } from '../store.ts';
import type { Secret } from '../support/fingerprint-digests.ts';

/** What else decides whether a store fits. */
export interface StoreUse {
  /** True to allow a store that forgets everything with its process, though NODE_ENV is production. */
  readonly allowVolatileStore?: boolean;
  readonly fingerprintSecrets?: readonly Secret[];
}

function isProduction(): boolean {
  return typeof process === 'object' && process.env['NODE_ENV'] === 'production';
}

/** @throws LatchkeyError `memory-store-in-production`; `option-invalid` for an encrypted store without secrets. */
export function checkStore(where: string, store: Pick<AnyStore, 'name' | 'volatile' | 'sealed'>, use: StoreUse): void {
  if (store.sealed === true && !use.fingerprintSecrets?.length) {
    throw new LatchkeyError(
      'option-invalid',
      `${where}: an encrypted store needs fingerprintSecrets, since a plain digest of a payload can be guessed.`,
    );
  }
  if (store.volatile && isProduction() && use.allowVolatileStore !== true) {
    throw new LatchkeyError(
      'memory-store-in-production',
      `${where}: the ${store.name} store forgets everything with its process, and NODE_ENV is production. Use a durable store, or say allowVolatileStore: true.`,
    );
  }
}
