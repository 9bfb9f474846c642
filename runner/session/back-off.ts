/** Waiting times between attempts: doubling, capped, the upper half by chance. Pure. */

export interface BackOff {
  firstMs: number;
  lastMs: number;
}

/**
 * Milliseconds to wait before attempt `attempt` (1 is the first repetition).
 * @param unit uniform in [0, 1)
 */
export function backOffMs(attempt: number, { firstMs, lastMs }: BackOff, unit: number): number {
  const ceiling = Math.min(lastMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(ceiling / 2 + (ceiling / 2) * unit);
}
