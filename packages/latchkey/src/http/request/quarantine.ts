/**
 * Keys from before a restore: their records may be gone or outdated, so that what they asked for may have been done.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../../core/errors.ts';
import type { Operation } from '../../core/operation.ts';
import { systemRuntime } from '../../core/runtime.ts';
import type { StoredRecord } from '../../core/store.ts';
import { uuidTimeMs } from '../../core/support/operation-age.ts';
import { callUntil } from '../../core/support/store-call.ts';
import { FIRST_SENT_HEADER } from '../../protocol/headers.ts';
import type { Exchange } from '../exchange.ts';
import type { Restored } from '../options.ts';
import type { Problem } from '../problems/problems.ts';
import { problem } from '../problems/problems.ts';
import { unavailable } from '../response/answer-outcome.ts';
import type { Guard } from './route.ts';

const firstSentHeader = FIRST_SENT_HEADER.toLowerCase();

/** What a request says about when its key was first sent. */
type FirstSent = { readonly ms: number } | 'unknown' | 'garbled';

/**
 * The earlier of what the header Repeatability-First-Sent says (OASIS Repeatable Requests 1.0) and of the time inside a
 * key that is a UUID of version 7.
 */
function firstSent(lines: readonly string[], key: string): FirstSent {
  const times = lines.map((line) => httpDateMs(line.trim()));
  if (lines.length > 1 || times.includes(undefined)) return 'garbled';
  const known = [...times, uuidTimeMs(key)].filter((ms) => ms !== undefined);
  return known.length === 0 ? 'unknown' : { ms: Math.min(...known) };
}

/**
 * Why a key is under quarantine, so that it may go on only if its record can be trusted; undefined if it isn't.
 *
 * A garbled header counts as a time before: the client meant to say one, and both other ways are worse. To take it for
 * unknown could run an operation twice; a 400 would tell the client that the operation is decided and its key done with.
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
 * What is completed in a backup stays so. All else may have been completed since, as may what isn't in it; unless the
 * record changed in the restored store, as by an operator's decision or by a claim that was let through.
 */
function isTrusted(record: StoredRecord | undefined, at: Restored['at']): boolean {
  return record !== undefined && (record.state === 'completed' || record.changedAtMs >= Number(at));
}

type QuarantineGuard = Pick<Guard<never, never>, 'store' | 'emit' | 'runtime'>;

function readRecord({ id, name, settings }: Operation, guard: QuarantineGuard) {
  const { store, emit, runtime = systemRuntime } = guard;
  const giveUpAt = runtime.clock.monotonic() + settings.claimTimeoutMs;
  return callUntil({ runtime, emit }, giveUpAt, name, 'read', () => store.read(id));
}

/**
 * The problem that a request meets if its key may belong to a record that was lost or is outdated; undefined if it may
 * go on. The store is read only for keys that fall under the quarantine; if it can't be, the request is refused, even where the route says to run unprotected.
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
    return unavailable(isOurs ? cause : new StoreUnavailableError('The store failed.', { cause }));
  }
  guard.emit?.({ type: 'quarantined', id: operation.id, operation: operation.name });
  const { detail } = problem('key-quarantined');
  return problem('key-quarantined', { detail: `${why} ${detail}` });
}

/** The obsolete forms, of RFC 850 and of asctime, which a recipient must still read. */
const obsolete = [
  /^[A-Z][a-z]+day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/** The time that a date means, in milliseconds since the epoch; undefined for anything else. */
export function httpDateMs(text: string): number | undefined {
  const isObsolete = obsolete.some((form) => form.test(text));
  const ms = Date.parse(isObsolete && !text.endsWith('GMT') ? `${text} GMT` : text);
  if (Number.isNaN(ms)) return undefined;
  return isObsolete || new Date(ms).toUTCString() === text ? ms : undefined;
}
