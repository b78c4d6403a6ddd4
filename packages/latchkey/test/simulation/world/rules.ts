/** What a fault may take from the application around the engine. */

export interface AppRules {
  /** A key is looked up inside its principal's scope. */
  readonly scopesByPrincipal: boolean;
  /** Requests run though the store is away. */
  readonly runsWithoutStore: boolean;
}
