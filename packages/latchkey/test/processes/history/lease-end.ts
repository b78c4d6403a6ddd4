import type { SteppedEvent } from './events.ts';
import type { OwnedClaim } from './key-history.ts';

interface Lease {
  readonly sentAt: number;
  readonly at: number;
  readonly leaseMs?: number | undefined;
}

/** Where step and call may have come in either order, the lease is taken for the shorter one. */
function moves(step: SteppedEvent, { sentAt, at }: Lease): boolean {
  return step.ms > 0 ? step.at >= sentAt : step.sentAt >= at;
}

/** A clock that goes forward brings the end of a lease nearer, if that was set before. */
function endOf(lease: Lease, steps: readonly SteppedEvent[]): number {
  let end = lease.sentAt + (lease.leaseMs ?? -Infinity);
  for (const step of steps) if (moves(step, lease) && end > step.sentAt) end = Math.max(step.sentAt, end - step.ms);
  return end;
}

/**
 * The end of the lease as its owner counts it: from before it sent the claim or the last renewal that was answered. A
 * renewal replaces the lease, and may shorten it: after a transaction, or once the clock went back.
 */
export function leaseEnd(claim: OwnedClaim, steps: readonly SteppedEvent[]): number {
  const renewals = claim.writes.filter(
    ({ accepted, isFinal, leaseMs, sentAt }) => accepted && !isFinal && leaseMs !== undefined && sentAt > claim.sentAt,
  );
  const last = renewals.reduce<Lease>((latest, lease) => (lease.sentAt > latest.sentAt ? lease : latest), claim);
  return endOf(last, steps);
}
