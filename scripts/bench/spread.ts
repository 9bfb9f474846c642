// Figures of many values: the middle, the tail, and how a cost grows.

/** The middle value; the upper one of two. NaN of nothing. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The value at the share `part` (0 to 1) of the sorted values; the upper one between two. NaN of nothing. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * part));
  return sorted[at] ?? Number.NaN;
}

/** The middle of what pairs measured one after the other say: a/b of each pair. NaN of nothing. */
export function medianRatio(pairs: readonly (readonly [a: number, b: number])[]): number {
  return median(pairs.map(([a, b]) => a / b));
}

/** How much `y` grows with each unit of `x`: the line through the points that misses them least. NaN of fewer than two. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x0, y0] = [mean(0), mean(1)];
  const both = points.reduce((sum, [x, y]) => sum + (x - x0) * (y - y0), 0);
  return both / points.reduce((sum, [x]) => sum + (x - x0) ** 2, 0);
}
