// Clients that keep a number of questions in flight each, for a time: how many are answered per second.

/** Asks once, and calls `answered` with whether the answer was a good one. */
export type Ask = (answered: (good: boolean) => void) => void;

export interface Pumped {
  answered: number;
  refused: number;
  perSecond: number;
}

/** What is still in flight when the time is over has this long to be answered. */
const DRAIN_MS_MAX = 30_000;

/**
 * Every client asks again at each answer until `windowMs` are over; then all answers are awaited. The
 * rate is all answers over the time until the last one.
 * @throws when answers are missing long after the end
 */
export async function pump(
  clients: readonly Ask[],
  inFlight: number,
  windowMs: number,
): Promise<Pumped> {
  const startedMs = performance.now();
  const endMs = startedMs + windowMs;
  const done = Promise.withResolvers<void>();
  let waiting = 0;
  let answered = 0;
  let refused = 0;
  const ask = (client: Ask): void => {
    waiting += 1;
    client((good) => {
      waiting -= 1;
      answered += 1;
      if (!good) refused += 1;
      if (performance.now() < endMs) ask(client);
      else if (waiting === 0) done.resolve();
    });
  };
  for (const client of clients) for (let n = 0; n < inFlight; n++) ask(client);
  const late = setTimeout(
    () => done.reject(new Error(`${waiting} questions were not answered`)),
    windowMs + DRAIN_MS_MAX,
  );
  try {
    await done.promise;
  } finally {
    clearTimeout(late);
  }
  return { answered, refused, perSecond: (1_000 * answered) / (performance.now() - startedMs) };
}
