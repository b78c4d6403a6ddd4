import type { SteppedEvent } from './events.ts';
import type { OwnedClaim } from './key-history.ts';

interface Lease {
  readonly sentAt: number;
  readonly leaseMs?: number;
}

/** A clock that goes forward brings the end of a lease nearer, if that was set before. */
function endOf({ sentAt, leaseMs = -Infinity }: Lease, steps: readonly SteppedEvent[]): number {
  let end = sentAt + leaseMs;
  for (const step of steps) if (step.at >= sentAt && end > step.sentAt) end = Math.max(step.sentAt, end - step.ms);
  return end;
}

/** The end of the lease as its owner counts it: from before it sent the claim or the last renewal that was answered. */
export function leaseEnd(claim: OwnedClaim, steps: readonly SteppedEvent[]): number {
  const renewals = claim.writes.filter(
    ({ accepted, isFinal, sentAt }) => accepted && !isFinal && sentAt > claim.sentAt,
  );
  return Math.max(...[claim, ...renewals].map((lease) => endOf(lease, steps)));
}
