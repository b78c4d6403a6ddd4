/**
 * Finds misuse by name at start-up: unknown options, and numbers that can't be meant.
 *
 * @module
 */

import { LatchkeyError } from '../errors.ts';
import { type OperationSettings, resolveSettings as resolveKnown, settingsTable } from '../settings.ts';

/** Every name of {@link OperationSettings}. */
export const settingNames: readonly string[] = Object.keys(settingsTable);

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known.map((candidate) => ({ candidate, far: distance(name.toLowerCase(), candidate.toLowerCase()) }));
  ranked.sort((a, b) => a.far - b.far);
  const best = ranked[0];
  return best !== undefined && best.far <= Math.max(2, name.length / 3) ? best.candidate : undefined;
}

/** What the options of this library are called elsewhere. */
const namesElsewhere: Readonly<Record<string, readonly string[]>> = {
  client: ['connection', 'db', 'pool', 'redis', 'redisClient', 'sql', 'url'],
  database: ['db', 'file', 'filename', 'path'],
  leaseMs: ['lockTimeout', 'lockTtl', 'lockTtlMs', 'lock'],
  keyRequired: ['enforce', 'enforceIdempotency', 'required', 'requireKey'],
  maxResponseBytes: ['maxBodySize', 'maxSize'],
  prefix: ['keyPrefix', 'namespace'],
  principal: ['getUser', 'getUserId', 'keyGenerator', 'tenant', 'userId'],
  retentionMs: [
    'cacheTtl',
    'expiration',
    'expire',
    'expires',
    'expiresIn',
    'expiry',
    'maxAge',
    'ttl',
    'ttlMs',
    'ttlSeconds',
  ],
  store: ['adapter', 'dataAdapter', 'storage', 'storageAdapter'],
};

function calledElsewhere(name: string, known: readonly string[]): string | undefined {
  return known.find((candidate) => namesElsewhere[candidate]?.includes(name));
}

/** What was given in place of an object with options; undefined if it is one. */
function notOptions(value: unknown): string | undefined {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return undefined;
  return `an instance of ${value.constructor.name || 'a class'}`;
}

/**
 * Refuses what is not an object with options, and names that are not `known`; says which one was probably meant. Call it
 * before anything is read from the options.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 */
export function checkOptionNames(where: string, options: unknown, known: readonly string[]): asserts options is object {
  const found = notOptions(options);
  if (found !== undefined) {
    const list = known.slice(0, 3).join(', ');
    throw new LatchkeyError('option-invalid', `${where} takes an object with options (${list} …); got ${found}.`);
  }
  for (const name of Object.keys(options as object)) {
    if (known.includes(name)) continue;
    const meant = calledElsewhere(name, known) ?? nearest(name, known);
    const hint = meant === undefined ? `Known are: ${known.join(', ')}.` : `Did you mean ${JSON.stringify(meant)}?`;
    throw new LatchkeyError('option-unknown', `${where} has no option ${JSON.stringify(name)}. ${hint}`);
  }
}

/**
 * Refuses a value that is not a whole number between the bounds.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function checkWholeNumber(where: string, name: string, value: unknown, least: number, most: number): void {
  if (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most) return;
  const unit = name.endsWith('Ms') ? ' milliseconds' : '';
  throw new LatchkeyError(
    'option-invalid',
    `${where}: ${name} must be a whole number from ${least} to ${most}${unit}.`,
  );
}

/**
 * Refuses a value that is not one of the choices.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function checkChoice(where: string, name: string, value: unknown, allowed: readonly unknown[]): void {
  if (allowed.some((choice) => choice === value)) return;
  const list = allowed.map((choice) => JSON.stringify(choice)).join(' or ');
  throw new LatchkeyError('option-invalid', `${where}: ${name} must be ${list}.`);
}

/**
 * Fills in the defaults and checks every value.
 *
 * @throws LatchkeyError `option-invalid`, with the bounds and units in its message.
 * @example
 * ```ts
 * const settings = resolveSettings('charge', { leaseMs: 3_000 })
 * ```
 */
export function resolveSettings(where: string, given: Partial<OperationSettings>): OperationSettings {
  const chosen = Object.entries(given).filter(([name, value]) => settingNames.includes(name) && value !== undefined);
  return resolveKnown(where, Object.fromEntries(chosen));
}
