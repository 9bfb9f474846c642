import { expect, test } from "bun:test";
import { SimClock } from "../sim/clock.ts";
import { sleep, systemClock, type Clock } from "./clock.ts";

const clocks: [name: string, clock: Clock, pass: (ms: number) => void][] = [
  ["the host's", systemClock, () => undefined],
];
const simulated = new SimClock();
clocks.push(["the simulated one", simulated, (ms) => simulated.advance(ms)]);

test.each(clocks)(
  "[SIM-clock] timers fire in order, never at once: %s",
  async (_name, clock, pass) => {
    const fired: string[] = [];
    const last = Promise.withResolvers<void>();
    clock.after(12, () => {
      fired.push("late");
      last.resolve();
    });
    const callOff = clock.after(4, () => fired.push("called off"));
    clock.after(2, () => fired.push("soon"));
    clock.after(0, () => fired.push("now"));
    callOff();
    expect(fired).toEqual([]);
    pass(12);
    await last.promise;
    expect(fired).toEqual(["now", "soon", "late"]);
  },
);

test.each(clocks)(
  "[SIM-clock] a sleeper wakes in time or when it is aborted: %s",
  async (_name, clock, pass) => {
    const stop = new AbortController();
    const long = sleep(clock, 1_000_000, stop.signal);
    const short = sleep(clock, 1);
    pass(1);
    await short;
    stop.abort();
    await long;
    await sleep(clock, 1_000_000, AbortSignal.abort());
    const before = clock.mono();
    pass(5);
    expect(clock.mono()).toBeGreaterThanOrEqual(before);
  },
);

test("[SIM-clock] a wait longer than a timer of the host can hold does not end at once", async () => {
  let fired = false;
  const callOff = systemClock.after(2 ** 31 + 10, () => (fired = true));
  await sleep(systemClock, 5);
  expect(fired).toBe(false);
  callOff();
});
