/** What a fault may take from the application around the engine. */

import type { RoutePlan } from './plan.ts';

const longestMs = 2 ** 31 - 1;

export interface AppRules {
  /** A key is looked up inside its principal's scope. */
  readonly scopesByPrincipal: boolean;
  /** Requests run though the store is away. */
  readonly runsWithoutStore: boolean;
  /** A handler that runs for too long gets its signal aborted. */
  readonly endsLongRuns: boolean;
}

/** The settings that a front gives its engine. */
export function settingsUnder(rules: AppRules, { settings }: RoutePlan): RoutePlan['settings'] {
  const maxRunMs = rules.endsLongRuns ? settings.maxRunMs : longestMs;
  return { ...settings, maxRunMs, whenStoreDown: rules.runsWithoutStore ? 'run-unprotected' : 'reject' };
}
