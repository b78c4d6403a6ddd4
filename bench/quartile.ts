function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low === undefined || high === undefined ? Number.NaN : low + (high - low) * (place - Math.floor(place));
}

/** The lower quartile of times, since a busy machine only makes them longer. */
export const lowerQuartile = (values: readonly number[]): number => quantile(values, 0.25);

/** The upper quartile of rates, since a busy machine only makes them lower. */
export const upperQuartile = (values: readonly number[]): number => quantile(values, 0.75);
