/**
 * Handles keys from before a restore: their records may be missing or outdated, so their operations may already have
 * been carried out.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../../core/errors.ts';
import { observing } from '../../core/log.ts';
import type { Operation } from '../../core/operation.ts';
import { systemRuntime } from '../../core/runtime.ts';
import type { StoredRecord } from '../../core/store.ts';
import { uuidTimeMs } from '../../core/support/operation-age.ts';
import { callUntil } from '../../core/support/store-call.ts';
import { FIRST_SENT_HEADER } from '../../protocol/headers.ts';
import type { Exchange } from '../exchange.ts';
import type { Restored } from '../options.ts';
import { type Problem, problem, unavailable } from '../problems/problems.ts';
import type { Guard } from './route.ts';

const firstSentHeader = FIRST_SENT_HEADER.toLowerCase();

/** When a key was first sent, according to the request. */
type FirstSent = { readonly ms: number } | 'unknown' | 'garbled';

/**
 * The earlier of two times: the header Repeatability-First-Sent (OASIS Repeatable Requests 1.0) and the time in a key
 * that is a UUID of version 7.
 */
function firstSent(lines: readonly string[], key: string): FirstSent {
  const times = lines.map((line) => httpDateMs(line.trim()));
  if (lines.length > 1 || times.includes(undefined)) return 'garbled';
  const known = [...times, uuidTimeMs(key)].filter((ms) => ms !== undefined);
  return known.length === 0 ? 'unknown' : { ms: Math.min(...known) };
}

/**
 * Returns why a key is quarantined, so that it may continue only if its record can be trusted; undefined if it isn't
 * quarantined. A malformed header counts as a time before the restore. Treating it as unknown could run an operation
 * twice; a 400 would tell the client that the operation is decided and the key is used up.
 *
 * @param lines - those of Repeatability-First-Sent.
 */
function whyQuarantined({ at, unknownKeys }: Restored, lines: readonly string[], key: string): string | undefined {
  const sent = firstSent(lines, key);
  if (sent === 'garbled') return 'Repeatability-First-Sent must be one HTTP date (RFC 9110 §5.6.7).';
  if (sent === 'unknown') return unknownKeys === 'refuse' ? 'It is unknown when this key was first sent.' : undefined;
  return sent.ms < Number(at) ? 'This key was first sent before the records were restored.' : undefined;
}

/**
 * A record that is completed in a backup stays completed. Any other record, or a missing one, may have been completed
 * since the backup, unless the record changed in the restored store, for example by an operator's decision or a claim
 * that was allowed.
 */
function isTrusted(record: StoredRecord | undefined, at: Restored['at']): boolean {
  return record !== undefined && (record.state === 'completed' || record.changedAtMs >= Number(at));
}

type QuarantineGuard = Pick<Guard<never, never>, 'store' | 'emit' | 'runtime'>;

/**
 * Reads the record of an operation. Repeats a failed call for at most `claimTimeoutMs`.
 *
 * @throws the error of the last call.
 */
export function readRecord({ id, name, settings }: Operation, guard: QuarantineGuard) {
  const { store, emit, runtime = systemRuntime } = guard;
  const giveUpAt = runtime.clock.monotonic() + settings.claimTimeoutMs;
  return callUntil({ runtime, emit }, giveUpAt, name, 'read', () => store.read(id));
}

/**
 * Returns the problem for a request whose key may belong to a lost or outdated record; undefined if the request may
 * continue. The store is read only for quarantined keys. If it can't be read, the request is refused, even if the route
 * is set to run unprotected.
 */
export async function quarantineProblem(
  restored: Restored,
  request: Pick<Exchange<never>, 'headers' | 'key'>,
  operation: Operation,
  guard: QuarantineGuard,
): Promise<Problem | undefined> {
  const why = whyQuarantined(restored, request.headers(firstSentHeader), request.key);
  if (why === undefined) return undefined;
  try {
    if (isTrusted(await readRecord(operation, guard), restored.at)) return undefined;
  } catch (cause) {
    const isOurs = cause instanceof LatchkeyError;
    const error = isOurs ? cause : new StoreUnavailableError('The store failed.', { cause });
    observing(guard.emit)?.({ type: 'refused', operation: operation.name, code: error.code });
    return unavailable(error);
  }
  guard.emit?.({ type: 'quarantined', id: operation.id, operation: operation.name });
  const { detail } = problem('key-quarantined');
  return problem('key-quarantined', { detail: `${why} ${detail}` });
}

/** Whether the guard would refuse a request because its key may belong to this lost or outdated record. */
export function isQuarantined(
  restored: Restored,
  request: Pick<Exchange<never>, 'headers' | 'key'>,
  record: StoredRecord | undefined,
): boolean {
  const why = whyQuarantined(restored, request.headers(firstSentHeader), request.key);
  return why !== undefined && !isTrusted(record, restored.at);
}

/** The obsolete forms, of RFC 850 and of asctime, which a recipient must still read. */
const obsolete = [
  /^[A-Z][a-z]+day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/** Parses an HTTP date as milliseconds since the epoch; undefined for anything else. */
export function httpDateMs(text: string): number | undefined {
  const isObsolete = obsolete.some((form) => form.test(text));
  const ms = Date.parse(isObsolete && !text.endsWith('GMT') ? `${text} GMT` : text);
  if (Number.isNaN(ms)) return undefined;
  return isObsolete || new Date(ms).toUTCString() === text ? ms : undefined;
}
