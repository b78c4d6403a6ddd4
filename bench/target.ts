/** A target of a bench; `Results` is the type of the bench's results. */
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

function outcomeOf<Results>(target: Target<Results>, value: number): string {
  const miss = missOf(target, value);
  return miss <= 0 ? 'met' : `missed by ${miss.toFixed(target.digits)} ${target.unit}`;
}

/** One line per measured target: the result, the target, and whether it was met. */
export function targetLines<Results>(targets: readonly Target<Results>[], results: Results): string[] {
  return targets.flatMap((target) => {
    const value = target.measured(results);
    if (Number.isNaN(value)) return [];
    const wanted = `${target.bound} ${target.limit} ${target.unit}`;
    const measured = `${value.toFixed(target.digits)} ${target.unit}`;
    const outcome = outcomeOf(target, value);
    return [`${target.title.padEnd(60)}${measured.padStart(16)}${wanted.padStart(22)}  ${outcome}`];
  });
}
