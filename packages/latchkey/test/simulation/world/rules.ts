/** The rules of the application that a fault can turn off. */

import type { RoutePlan } from './plan.ts';

const longestMs = 2 ** 31 - 1;

export interface AppRules {
  /** A key belongs to its principal. */
  readonly scopesByPrincipal: boolean;
  /** Requests run although the store is unavailable. */
  readonly runsWithoutStore: boolean;
  /** The signal of a handler that runs too long is aborted. */
  readonly endsLongRuns: boolean;
}

/** The settings that a front gives its engine. */
export function settingsUnder(rules: AppRules, { settings }: RoutePlan): RoutePlan['settings'] {
  const maxRunMs = rules.endsLongRuns ? settings.maxRunMs : longestMs;
  return { ...settings, maxRunMs, whenStoreDown: rules.runsWithoutStore ? 'run-unprotected' : 'reject' };
}
