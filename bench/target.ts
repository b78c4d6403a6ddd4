/** Something that a bench is measured against. `Results` is what the bench came to. */
export interface Target<Results> {
  readonly title: string;
  readonly unit: string;
  readonly bound: 'at most' | 'at least' | 'exactly';
  readonly limit: number;
  readonly digits: number;
  measured(results: Results): number;
}

function missOf<Results>({ bound, limit }: Target<Results>, value: number): number {
  if (bound === 'exactly') return Math.abs(value - limit);
  return bound === 'at most' ? value - limit : limit - value;
}

function runResultOf<Results>(target: Target<Results>, value: number): string {
  const miss = missOf(target, value);
  if (Number.isNaN(miss)) return 'not measured';
  return miss <= 0 ? 'met' : `missed by ${miss.toFixed(target.digits)} ${target.unit}`;
}

/** One line for each target: what was measured, what was wanted, and whether it was met. */
export function targetLines<Results>(targets: readonly Target<Results>[], results: Results): string[] {
  return targets.map((target) => {
    const value = target.measured(results);
    const wanted = `${target.bound} ${target.limit} ${target.unit}`;
    const measured = `${value.toFixed(target.digits)} ${target.unit}`;
    return [
      target.title.padEnd(42),
      measured.padStart(16),
      wanted.padStart(22),
      `  ${runResultOf(target, value)}`,
    ].join('');
  });
}
