/**
 * One incarnation of a simulated process. While it lives, every call through its ports passes a boundary
 * before and after; when it is killed, what is on its way never comes back and its timers never fire.
 */
import { sleep, type Clock } from "../../runner/clock.ts";

export type BoundaryWatcher = (moment: string) => void;

export class Life {
  /** The host's clock as this process has it. */
  readonly clock: Clock;
  readonly #watch: BoundaryWatcher;
  readonly #latencyMs: () => number;
  readonly #onEnd: (() => void)[] = [];
  #over = false;

  /** `watch` may kill this life; `latencyMs`: how long a call takes to reach its other side. */
  constructor(options: { clock: Clock; watch: BoundaryWatcher; latencyMs: () => number }) {
    const { clock } = options;
    this.#watch = options.watch;
    this.#latencyMs = options.latencyMs;
    this.clock = {
      now: () => clock.now(),
      mono: () => clock.mono(),
      after: (ms, act) => clock.after(ms, () => (this.#over ? undefined : act())),
    };
  }

  /** Ends it at once. Safe to call twice. */
  kill(): void {
    if (this.#over) return;
    this.#over = true;
    for (const act of this.#onEnd.splice(0)) act();
  }

  onEnd(act: () => void): void {
    this.#onEnd.push(act);
  }

  /** Passes a boundary; false when the process is dead behind it. */
  pass(moment: string): boolean {
    if (!this.#over) this.#watch(moment);
    return !this.#over;
  }

  /** Calls the other side of a port. Never settles once this life is over. */
  async call<T>(name: string, act: () => T | Promise<T>): Promise<T> {
    if (!this.pass(`before ${name}`)) return never();
    await sleep(this.clock, this.#latencyMs());
    const result = await act();
    return this.pass(`after ${name}`) ? result : never();
  }

  /** The port as this life sees it: each of its methods is a call, those of its parts too. */
  door<T extends object>(name: string, port: T): T {
    return new Proxy(port, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        const path = `${name}.${String(key)}`;
        if (typeof value === "object" && value !== null) return this.door(path, value);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): Promise<unknown> =>
          this.call(path, (): unknown => Reflect.apply(value, target, args));
      },
    });
  }
}

export function never(): Promise<never> {
  return new Promise<never>(() => undefined);
}
