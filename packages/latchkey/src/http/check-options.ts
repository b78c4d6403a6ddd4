/**
 * Finds misuse by name when a guard is made.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import type { TransactionKind } from '../core/store.ts';
import { nearestName } from './nearest-name.ts';
import { guardRules, type Rule, routeRules } from './option-rules.ts';
import type { GuardOptions, RouteOptions } from './options.ts';

function unknownOption(name: string, known: readonly string[]): LatchkeyError {
  const meant = nearestName(name, known);
  const hint = meant === undefined ? '' : ` Did you mean ${JSON.stringify(meant)}?`;
  return new LatchkeyError('option-unknown', `There is no option ${JSON.stringify(name)}.${hint}`);
}

/** Values are not shown: a secret or a connection string may be among them. */
function check(options: object, rules: Readonly<Record<string, Rule>>): void {
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) throw unknownOption(name, Object.keys(rules));
    const fault = value === undefined ? undefined : rule(value);
    if (fault !== undefined) throw new LatchkeyError('option-invalid', `The option ${name} ${fault}.`);
  }
}

/** Checks what a route changes. Options of the whole guard are unknown here. */
export function checkRouteOptions<Native>(route: RouteOptions<Native>): void {
  check(route, routeRules);
}

function isProduction(): boolean {
  return typeof process === 'object' && process.env['NODE_ENV'] === 'production';
}

/** Checks what a guard is told. */
export function checkGuardOptions<Native, Kind extends TransactionKind>(options: GuardOptions<Native, Kind>): void {
  check(options, { ...routeRules, ...guardRules });
  for (const name of ['store', 'principal'] as const) {
    const fault = guardRules[name](options[name]);
    if (fault !== undefined) throw new LatchkeyError('option-invalid', `The option ${name} ${fault}.`);
  }
  if (options.store.volatile && isProduction() && options.allowVolatileStore !== true) {
    throw new LatchkeyError(
      'memory-store-in-production',
      `The ${options.store.name} store forgets everything with its process, and NODE_ENV is production. Use a durable store, or say allowVolatileStore: true.`,
    );
  }
}
