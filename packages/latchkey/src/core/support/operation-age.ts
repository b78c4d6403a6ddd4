/**
 * The time inside a UUID of version 7 (RFC 9562 §5.7).
 *
 * @module
 */

import type { OperationSettings } from '../settings.ts';

const version7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** Returns when a UUID of version 7 was created, in milliseconds since the epoch; undefined for anything else. */
export function uuidTimeMs(text: string): number | undefined {
  return version7.test(text) ? Number.parseInt(text.slice(0, 8) + text.slice(9, 13), 16) : undefined;
}

/** Returns a UUID of version 7 with this time and the random part of a UUID of version 4. */
export function timedUuid(uuid: string, nowMs: number): string {
  const time = Math.max(0, Math.trunc(nowMs)).toString(16).padStart(12, '0').slice(-12);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${uuid.slice(15)}`;
}

/** True too for an operation without a time: it was begun before the route had a limit, and its age is unknown. */
export function isTooOldToRerun(
  operationId: string,
  { maxRerunAgeMs }: Pick<OperationSettings, 'maxRerunAgeMs'>,
  nowMs: number,
): boolean {
  if (maxRerunAgeMs === Number.MAX_SAFE_INTEGER) return false;
  const beganMs = uuidTimeMs(operationId);
  return beganMs === undefined || nowMs - beganMs > maxRerunAgeMs;
}
