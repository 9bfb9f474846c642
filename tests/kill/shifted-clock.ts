// Loaded into a program before its own code: its wall clock is off by as many milliseconds as a file says at the moment.
// What it starts has the host's time, and its monotonic clock is as it was: what a host does that was put to sleep.
import { readFileSync } from "node:fs";

const path = process.env["GASTOWN_TEST_CLOCK"];
if (path !== undefined && path !== "") {
  const now = Date.now.bind(Date);
  const offset = (): number => Number(readFileSync(path, "utf8"));
  const Real = Date;
  const shifted = class extends Real {
    constructor(...given: [] | [number | string | Date]) {
      if (given.length === 0) super(now() + offset());
      else super(given[0]);
    }
    static override now(): number {
      return now() + offset();
    }
  };
  globalThis.Date = shifted as DateConstructor;
}
