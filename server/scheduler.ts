import type { Scheduler } from "./core.ts";

/** The host's own event loop. */
export const systemScheduler: Scheduler = {
  soon: (act) => void setImmediate(act),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};
