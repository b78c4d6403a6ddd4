/**
 * How old an operation may be to be run again by itself.
 *
 * @module
 */

import type { OperationSettings } from '../settings.ts';
import { uuidTimeMs } from './operation-age.ts';

/** An operation without a time was begun before the route had a limit; nobody knows how old it is. */
export function isTooOldToRerun(
  operationId: string,
  { maxRerunAgeMs }: Pick<OperationSettings, 'maxRerunAgeMs'>,
  nowMs: number,
): boolean {
  if (maxRerunAgeMs === Number.MAX_SAFE_INTEGER) return false;
  const beganMs = uuidTimeMs(operationId);
  return beganMs === undefined || nowMs - beganMs > maxRerunAgeMs;
}
