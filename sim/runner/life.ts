/**
 * One incarnation of a simulated process. While it lives, every call through its ports passes boundaries
 * on its way; when it is killed, what it waits for never comes and its timers never fire. While it is
 * frozen, all that comes for it waits.
 */
import { sleep, type Clock } from "../../runner/clock.ts";

export type BoundaryWatcher = (moment: string) => void;

export interface LifeWorld {
  /** Of the host: it goes on whatever becomes of the process. */
  clock: Clock;
  /** Told of every boundary; may kill or freeze this life. */
  watch: BoundaryWatcher;
  /** How long a call takes to reach its other side. */
  latencyMs: () => number;
  /** How long after it would have arrived a call of a dead process still takes effect; null: never. */
  lingers: (name: string) => number | null;
}

export class Life {
  /** The host's clock as this process has it. */
  readonly clock: Clock;
  readonly #world: LifeWorld;
  readonly #onEnd: (() => void)[] = [];
  #over = false;
  #thawed: PromiseWithResolvers<void> | null = null;

  constructor(world: LifeWorld) {
    this.#world = world;
    const { clock } = world;
    this.clock = {
      now: () => clock.now(),
      mono: () => clock.mono(),
      after: (ms, act) => {
        let calledOff = false;
        const due = () => (this.#over || calledOff ? undefined : act());
        const callOff = clock.after(ms, () => {
          if (this.#thawed === null) due();
          else void this.#thawed.promise.then(due);
        });
        return () => {
          calledOff = true;
          callOff();
        };
      },
    };
  }

  get isOver(): boolean {
    return this.#over;
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

  /** SIGSTOP: what runs at this moment comes to its next wait. */
  freeze(): void {
    this.#thawed ??= Promise.withResolvers<void>();
  }

  get isFrozen(): boolean {
    return this.#thawed !== null;
  }

  /** SIGCONT. */
  thaw(): void {
    this.#thawed?.resolve();
    this.#thawed = null;
  }

  /** Resolves when the process may take what has come for it; never when it is dead by then. */
  async awake(): Promise<void> {
    while (this.#thawed !== null) await this.#thawed.promise;
    if (this.#over) await never();
  }

  /** Passes a boundary; false when the process is dead behind it. */
  pass(moment: string): boolean {
    if (!this.#over) this.#world.watch(moment);
    return !this.#over;
  }

  /** Calls the other side of a port. Never settles once this life is over. */
  async call<T>(name: string, act: () => T | Promise<T>): Promise<T> {
    const { clock, latencyMs, lingers } = this.#world;
    if (!this.pass(`before ${name}`)) return never();
    await sleep(clock, latencyMs());
    if (!this.pass(`within ${name}`)) {
      const lingerMs = lingers(name);
      if (lingerMs === null) return never();
      await sleep(clock, lingerMs);
      await act();
      return never();
    }
    const result = await act();
    await this.awake();
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
