import type { SteppedEvent } from './events.ts';
import type { OwnedClaim } from './key-history.ts';

interface Lease {
  readonly sentAt: number;
  readonly at: number;
  readonly leaseMs?: number | undefined;
}

/** If the order of clock step and call is unknown, the shorter lease is assumed. */
function moves(step: SteppedEvent, { sentAt, at }: Lease): boolean {
  return step.ms > 0 ? step.at >= sentAt : step.sentAt >= at;
}

/** A clock step forward shortens a lease that was set before. */
function endOf(lease: Lease, steps: readonly SteppedEvent[]): number {
  let end = lease.sentAt + (lease.leaseMs ?? -Infinity);
  for (const step of steps) if (moves(step, lease) && end > step.sentAt) end = Math.max(step.sentAt, end - step.ms);
  return end;
}

/**
 * The owner's view of its lease's end, from before it sent the claim or the last answered renewal. A renewal replaces
 * the lease, and may shorten it after a transaction or a clock step back.
 */
export function leaseEnd(claim: OwnedClaim, steps: readonly SteppedEvent[]): number {
  const renewals = claim.writes.filter(
    ({ accepted, isFinal, leaseMs, sentAt }) => accepted && !isFinal && leaseMs !== undefined && sentAt > claim.sentAt,
  );
  const last = renewals.reduce<Lease>((latest, lease) => (lease.sentAt > latest.sentAt ? lease : latest), claim);
  return endOf(last, steps);
}
