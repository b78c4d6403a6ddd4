/**
 * Finds misuse by name when a guard is made.
 *
 * @module
 */

import { checkOptionNames, settingNames } from '../core/options-check.ts';
import type { TransactionKind } from '../core/store.ts';
import { checkStore } from '../core/store-check.ts';
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

/** Checks what a guard is told. */
export function checkGuardOptions<Native, Kind extends TransactionKind>(options: GuardOptions<Native, Kind>): void {
  check('The guard', options, { ...routeRules, ...guardRules });
  guardRules.store('The guard', 'store', options.store);
  guardRules.principal('The guard', 'principal', options.principal);
  checkStore('The guard', options.store, options);
}
