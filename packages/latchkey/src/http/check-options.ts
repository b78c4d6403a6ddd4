/**
 * Finds misuse by name when a guard is made.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import { checkOptionNames, settingNames } from '../core/options-check.ts';
import type { TransactionKind } from '../core/store.ts';
import { guardRules, type Rule, routeRules } from './option-rules.ts';
import type { GuardOptions, RouteOptions } from './options.ts';

function check(where: string, options: object, rules: Readonly<Record<string, Rule>>): void {
  checkOptionNames(where, options, [...Object.keys(rules), ...settingNames]);
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) rules[name]?.(where, name, value);
  }
}

/** Checks what a route changes. Options of the whole guard are unknown here. */
export function checkRouteOptions<Native>(route: RouteOptions<Native>): void {
  check('The route', route, routeRules);
}

function isProduction(): boolean {
  return typeof process === 'object' && process.env['NODE_ENV'] === 'production';
}

/** Checks what a guard is told. */
export function checkGuardOptions<Native, Kind extends TransactionKind>(options: GuardOptions<Native, Kind>): void {
  check('The guard', options, { ...routeRules, ...guardRules });
  guardRules.store('The guard', 'store', options.store);
  guardRules.principal('The guard', 'principal', options.principal);
  if (options.store.sealed === true && !options.fingerprintSecrets?.length) {
    throw new LatchkeyError(
      'option-invalid',
      'The guard: an encrypted store needs fingerprintSecrets, since a plain digest of a payload can be guessed.',
    );
  }
  if (options.store.volatile && isProduction() && options.allowVolatileStore !== true) {
    throw new LatchkeyError(
      'memory-store-in-production',
      `The ${options.store.name} store forgets everything with its process, and NODE_ENV is production. Use a durable store, or say allowVolatileStore: true.`,
    );
  }
}
