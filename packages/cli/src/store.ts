/**
 * Opens the store that a command works on.
 *
 * @module
 */

import { existsSync, readFileSync } from 'node:fs';
import { encryptedStore } from 'latchkey/encrypted';
import { type Operator, type OperatorOptions, operator } from 'latchkey/operator';
import type { OperatorStore } from 'latchkey/store';
import { storeFromUrl } from 'latchkey/store-from-url';
import { Failure, wrongUse } from './failure.ts';
import { exitCodes, type Invocation } from './invocation.ts';
import type { StoreFlags } from './options.ts';

/** A store with its operator. */
export interface OpenedStore {
  /** The store as its URL opens it. */
  readonly store: OperatorStore;
  readonly people: Operator;
  /** True if values are decrypted. */
  readonly hasKeys: boolean;
}

/** The settings that a command may change. */
export type OperatorSettings = Pick<OperatorOptions, 'auditRetentionMs' | 'maxAttempts' | 'retentionMs'>;

/**
 * The URL of the store.
 *
 * @throws Failure if it is missing, or if no other process can see the store.
 */
export function storeUrl({ env }: Invocation, { store = env['LATCHKEY_STORE'] }: StoreFlags): string {
  if (store === undefined || store === '')
    throw wrongUse('Name the store: --store redis://localhost:6379, or set LATCHKEY_STORE.');
  if (store.startsWith('memory:'))
    throw wrongUse('A store in memory belongs to the process that created it. Name the store of a server or a file.');
  return store;
}

/**
 * Opens the store, lets `work` use it, and closes it.
 *
 * @throws LatchkeyError like `storeFromUrl`.
 */
export async function withStore<T>(
  invocation: Invocation,
  flags: StoreFlags,
  work: (opened: OpenedStore) => Promise<T>,
  settings: OperatorSettings = {},
): Promise<T> {
  const url = storeUrl(invocation, flags);
  const wrap = wrapperFor(invocation, flags);
  refuseMissingFile(url);
  const store = await storeFromUrl(url);
  try {
    const people = operator({ store: wrap?.(store) ?? store, log: false, ...settings });
    return await work({ store, people, hasKeys: wrap !== undefined });
  } finally {
    // The result stands, even if the server no longer answers.
    await store.close().catch(() => {});
  }
}

/** SQLite would create the file, and a mistyped path would look like an empty store. */
function refuseMissingFile(url: string): void {
  const file = sqliteFile(url);
  if (file === undefined || file === '' || existsSync(file)) return;
  throw new Failure(
    exitCodes.unreachable,
    `There is no file ${file}. To create a store in it: latchkey migrate --apply`,
  );
}

/** Undefined for other stores, and for a URL that can't be read. */
function sqliteFile(url: string): string | undefined {
  try {
    const { protocol, pathname } = new URL(url);
    return protocol === 'sqlite:' ? decodeURIComponent(pathname) : undefined;
  } catch {
    return undefined;
  }
}

function wrapperFor({ env }: Invocation, { encryptionKeys = env['LATCHKEY_ENCRYPTION_KEYS'] }: StoreFlags) {
  if (encryptionKeys === undefined || encryptionKeys === '') return undefined;
  const { currentKey, keys } = keysIn(encryptionKeys);
  return (store: OperatorStore) => encryptedStore(store, { currentKey, keys });
}

/** Reads `{ "currentKey": "2026-11", "keys": { "2026-11": "base64 of 32 bytes" } }`. */
function keysIn(file: string) {
  const read = readJson(file, '--encryption-keys');
  const { currentKey, keys } = Object(read);
  if (typeof currentKey !== 'string' || typeof keys !== 'object' || keys === null)
    throw wrongUse('The file of --encryption-keys must be JSON with currentKey, and keys in base64 by their version.');
  const entries = Object.entries(keys).map(([version, key]) => [version, Buffer.from(String(key), 'base64')] as const);
  return { currentKey, keys: Object.fromEntries(entries) };
}

/**
 * Reads a JSON file that an option names.
 *
 * @throws Failure without the file's content.
 */
export function readJson(file: string, option: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is not JSON' : String(Reflect.get(Object(error), 'code'));
    throw wrongUse(`The file ${file} of ${option} can't be read: ${why}.`);
  }
}
