/**
 * Finds misuse by name when a guard is made.
 *
 * @module
 */

import { checkRules } from '../core/options/option-rules.ts';
import { checkStore } from '../core/options/store-check.ts';
import type { TransactionKind } from '../core/store.ts';
import { guardRules, routeRules } from './option-rules.ts';
import type { GuardOptions, RouteOptions } from './options.ts';

/** Checks what a route changes. Options of the whole guard are unknown here. */
export function checkRouteOptions<Native>(route: RouteOptions<Native>): void {
  checkRules('The route', route, routeRules);
}

/** Checks the options of a guard. */
export function checkGuardOptions<Native, Kind extends TransactionKind>(options: GuardOptions<Native, Kind>): void {
  checkRules('The guard', options, { ...routeRules, ...guardRules }, ['store', 'principal']);
  checkStore('The guard', options.store, options);
}
