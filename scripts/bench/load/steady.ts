// Work that begins at a steady rate, whether or not the earlier is done, and how long each takes to arrive.

export interface Steady {
  perSecond: number;
  windowMs: number;
  /** How long what has begun may take to arrive after the window. */
  lateMsMax: number;
}

export interface Arrivals {
  /** Milliseconds of each; what did not arrive counts with the time that was waited for it. */
  times: number[];
  missing: number;
}

/**
 * Begins work 0, 1, 2, … at an even rate. `begin` starts one; the function given to `arrive` is called
 * with its number when it is there.
 */
export async function steadily(
  { perSecond, windowMs, lateMsMax }: Steady,
  begin: (n: number) => void,
  arrive: (arrived: (n: number) => void) => void,
): Promise<Arrivals> {
  const count = Math.round((perSecond * windowMs) / 1_000);
  const begun: number[] = [];
  const times = Array.from({ length: count }, () => Number.NaN);
  let left = count;
  const done = Promise.withResolvers<void>();
  arrive((n) => {
    const at = begun[n];
    if (at === undefined || !Number.isNaN(times[n])) return;
    times[n] = performance.now() - at;
    left -= 1;
    if (left === 0) done.resolve();
  });
  const startedMs = performance.now();
  while (begun.length < count) {
    const due = Math.min(
      count,
      1 + Math.floor(((performance.now() - startedMs) * perSecond) / 1e3),
    );
    while (begun.length < due) {
      begun.push(performance.now());
      begin(begun.length - 1);
    }
    await Bun.sleep(1);
  }
  const late = setTimeout(done.resolve, lateMsMax);
  await done.promise;
  clearTimeout(late);
  const endMs = performance.now();
  return {
    times: times.map((time, n) => (Number.isNaN(time) ? endMs - (begun[n] ?? endMs) : time)),
    missing: left,
  };
}
