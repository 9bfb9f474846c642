import type { Scheduler } from "./core.ts";

/** The host's own event loop. */
export const systemScheduler: Scheduler = {
  soon: (act) => void setImmediate(act),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

/** Timers that end with their owner: what was planned when it stops never runs. */
export class OwnTimers implements Scheduler {
  readonly #of: Scheduler;
  readonly #timers = new Set<() => void>();
  #stopped = false;

  constructor(of: Scheduler) {
    this.#of = of;
  }

  soon(act: () => void): void {
    this.#of.soon(() => {
      if (!this.#stopped) act();
    });
  }

  after(ms: number, act: () => void): () => void {
    const cancel = () => {
      if (this.#timers.delete(cancel)) taken();
    };
    const taken = this.#of.after(ms, () => {
      this.#timers.delete(cancel);
      act();
    });
    this.#timers.add(cancel);
    return cancel;
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of [...this.#timers]) cancel();
  }
}
