// The middle of a few measurements.

/** Mean of the two in the middle for an even number; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2;
}

/** Rounds to `digits` after the point, so that results stay readable. */
export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
