/**
 * Writes that need no read: their condition checks the owner. Times are compared with the earliest possible time, and
 * computed from the latest.
 *
 * @module
 */

import type { Owner, ReleaseRequest, RenewRequest, StoredResult } from '../../core/store.ts';
import { type Cell, encodeCell, number, text } from './attributes.ts';
import type { Item } from './client.ts';
import type { Instant } from './clock.ts';
import { formats, type Head, removalSeconds, stepSize } from './row.ts';
import type { Change, Guard } from './table.ts';

/** Maximum bytes of steps in a record's item, since every renewal pays for the whole item. */
export const inlineStepBytes = 8_192;

/** A record of a format that this code knows. */
export const known = '#lk IN (:lk, :lr)';

/** The values in {@link known}. */
export const knownFormats: Item = { ':lk': number(formats.plain), ':lr': number(formats.withRequest) };

const owned = `${known} AND #tk = :tk AND #ph = :held AND #ex > :now`;

/** Parts of steps must not be removed before the record. */
const stepsKept = '(attribute_not_exists(#su) OR #su >= :ttl)';

const settle = 'SET #ph = :ph, #ch = :now, #ex = :ex, #ttl = :ttl';

/** The condition under which a record may be created. */
export function absentOrExpired(at: Instant): Guard {
  return {
    condition: `attribute_not_exists(#pk) OR (${known} AND #ex <= :now)`,
    values: { ...knownFormats, ':now': number(at.nowMs) },
  };
}

/** The condition that the record was not written since it was read. */
export function unchanged(head: Head): Guard {
  return {
    condition: `${known} AND #rv = :rv AND #tk = :tk`,
    values: { ...knownFormats, ':rv': number(head.revision), ':tk': text(head.writtenToken) },
  };
}

/** `Store.renew`. */
export function renewal(request: RenewRequest, at: Instant): Change {
  const leaseEndsAtMs = at.nowMs + at.uncertaintyMs + request.leaseMs;
  return {
    update: 'SET #le = :le, #ex = :ex, #ttl = :ttl ADD #rv :one',
    condition: `${owned} AND attribute_not_exists(#ab) AND ${stepsKept}`,
    values: {
      ...ownership(request, at),
      ...expiry(leaseEndsAtMs + request.unresolvedRetentionMs),
      ':le': number(leaseEndsAtMs),
    },
  };
}

/** `Store.release`. */
export function releasing(request: ReleaseRequest, at: Instant): Change {
  return {
    update: `${settle}, #at = #at - :unused REMOVE #le, #ab, #to ADD #rv :one`,
    condition: `${owned} AND ${stepsKept}`,
    values: { ...settled(request, at), ':ph': text('open'), ':unused': number(request.unused ? 1 : 0) },
  };
}

/** `Store.complete`. */
export function completion(
  request: Owner & { readonly retentionMs: number },
  kind: StoredResult['kind'],
  cell: Cell,
  at: Instant,
): Change {
  return {
    update: `${settle}, #rk = :rk, #rs = :rs, #lk = :lk REMOVE #le, #ab, #to, #rq ADD #rv :one`,
    condition: `${owned} AND ${stepsKept}`,
    values: { ...settled(request, at), ':ph': text('completed'), ':rk': text(kind), ':rs': encodeCell(cell) },
  };
}

/** `Store.saveStep` of a value that fits into the item. */
export function stepSaving(owner: Owner, name: string, value: Uint8Array, at: Instant): Change {
  const size = stepSize(name, { bytes: value });
  const append = (list: string) => `#${list} = list_append(if_not_exists(#${list}, :none), :${list})`;
  return {
    update: `SET ${append('sn')}, ${append('sv')} ADD #rv :one, #sb :size`,
    condition: `${owned} AND NOT contains(#sn, :name) AND (attribute_not_exists(#sb) OR #sb <= :room)`,
    values: {
      ...ownership(owner, at),
      ':sn': { L: [text(name)] },
      ':sv': { L: [{ B: value }] },
      ':none': { L: [] },
      ':name': text(name),
      ':size': number(size),
      ':room': number(inlineStepBytes - size),
    },
  };
}

function ownership(owner: Owner, at: Instant): Item {
  return {
    ...knownFormats,
    ':tk': text(owner.token),
    ':held': text('held'),
    ':now': number(at.nowMs),
    ':one': number(1),
  };
}

function settled(request: Owner & { readonly retentionMs: number }, at: Instant): Item {
  return { ...ownership(request, at), ...expiry(at.nowMs + at.uncertaintyMs + request.retentionMs) };
}

function expiry(expiresAtMs: number): Item {
  return { ':ex': number(expiresAtMs), ':ttl': number(removalSeconds(expiresAtMs)) };
}
