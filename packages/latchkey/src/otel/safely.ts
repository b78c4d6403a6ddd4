/**
 * Keeps faults of telemetry away from requests.
 *
 * @module
 */

import { diag } from '@opentelemetry/api';

/** Returns what `work` returns; undefined if it throws, which is reported to the diagnostic logger of OpenTelemetry. */
export function safely<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    report(error);
    return undefined;
  }
}

function report(error: unknown): void {
  try {
    diag.error('latchkey: telemetry failed', error);
  } catch {
    // The diagnostic logger is the application's.
  }
}
