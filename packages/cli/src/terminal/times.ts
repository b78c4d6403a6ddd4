const units: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** A duration in its largest unit: `3 min`. */
export function roughly(durationMs: number): string {
  const [unit, ms] = units.find(([, unitMs]) => durationMs >= unitMs) ?? ['s', 1_000];
  return `${Math.max(Math.floor(durationMs / ms), 0)} ${unit}`;
}

/** A moment, and how far it is from now: `2026-12-01T12:00:00.000Z (3 min ago)`. */
export function moment(atMs: number, nowMs: number): string {
  const distance = roughly(Math.abs(nowMs - atMs));
  return `${new Date(atMs).toISOString()} (${atMs > nowMs ? `in ${distance}` : `${distance} ago`})`;
}
