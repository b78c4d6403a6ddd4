/**
 * What several dialects need of a route.
 *
 * @module
 */

import type { DialectRoute } from '../http/problems/dialect.ts';

const dayMs = 86_400_000;

/** Answers are kept for at least 24 hours. */
export function lacksDay({ retentionMs }: DialectRoute): readonly string[] {
  return retentionMs < dayMs ? [`timing: { retentionMs: ${dayMs} } or more`] : [];
}
