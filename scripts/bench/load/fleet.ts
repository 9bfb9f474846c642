// A town with many agents at work: played runners, rigs that are ready, and a person's connection.
import type { Socket } from "socket.io-client";
import type {
  Ack,
  CommandInput,
  CommandName,
  CommandValue,
  RunSpec,
  RunSpecOf,
} from "../../../protocol/index.ts";
import { PlayedRunner } from "./played-runner.ts";
import { openSockets } from "./sockets.ts";
import type { ServedTown } from "./served-town.ts";

/** The most that a runner and a rig may have (protocol). */
export const SLOTS_MAX = 64;
/** A town at rest answers within this, so many times in a row. */
const PROMPT_MS = 50;
const PROMPT_ANSWERS = 10;
/** Connections of people; each may have 256 commands in flight. */
const ASKERS = 8;
const OID = "0".repeat(40);
const STEP_MS_MAX = 90_000;

export type WorkRun = RunSpecOf<"work">;
/** A run of work that was offered and taken, and the runner that holds it. */
export interface TakenWork {
  spec: WorkRun;
  runner: PlayedRunner;
}

export class Fleet implements Disposable {
  readonly #town: ServedTown;
  readonly #open = new DisposableStack();
  readonly runners: PlayedRunner[] = [];
  /** Names of the rigs for work. */
  readonly rigs: string[] = [];
  /** Called when work is offered, after it was taken. */
  onWork: (work: TakenWork) => void = () => undefined;
  #askers: readonly Socket[] = [];
  #judged = 0;

  private constructor(town: ServedTown) {
    this.#town = town;
  }

  /**
   * Joins `count` runners to the town and adds as many rigs, and waits until all rigs are ready, those
   * that were there before included.
   */
  static async open(town: ServedTown, count: number, rigsBefore = 0): Promise<Fleet> {
    const fleet = new Fleet(town);
    try {
      await fleet.#join(count);
      await until("the baselines", () => fleet.#judged === count + rigsBefore);
      return fleet;
    } catch (error) {
      fleet[Symbol.dispose]();
      throw error;
    }
  }

  async #join(count: number): Promise<void> {
    const { url, token } = this.#town;
    this.#askers = this.#open.use(await openSockets(url, ASKERS, token)).all;
    await this.call("model.set", {
      provider: "openai-compatible",
      baseUrl: "http://127.0.0.1:9/v1",
      model: "played",
    });
    for (let n = 0; n < count; n++) {
      const invited = await this.call("token.create", {
        role: "runner",
        rights: ["model", "merge"],
      });
      const runner = await PlayedRunner.join({
        url,
        token: invited.token,
        name: `played ${n}`,
        slots: SLOTS_MAX,
        onOffer: (spec, taken) => this.#take(spec, taken),
      });
      this.runners.push(this.#open.use(runner));
      const rig = { name: `played-${n}`, remote: `/nowhere/${n}.git`, slots: SLOTS_MAX };
      await this.call("rig.add", rig);
      this.rigs.push(rig.name);
    }
  }

  #take(spec: RunSpec, runner: PlayedRunner): void {
    runner.report(spec, { kind: "started" });
    if (spec.kind === "work") this.onWork({ spec, runner });
    if (spec.kind !== "baseline") return;
    judge(spec, runner);
    this.#judged += 1;
  }

  /** @throws with the town's sentence when it refuses */
  async call<N extends CommandName>(name: N, body: CommandInput<N>): Promise<CommandValue<N>> {
    const key = `bench-${crypto.randomUUID()}`;
    const [asker] = this.#askers;
    const ack = (await asker?.emitWithAck("command", { name, body, key })) as Ack;
    if (!ack.ok) throw new Error(`${name}: ${ack.error.message}`);
    return ack.value as CommandValue<N>;
  }

  /** Slings without waiting for the answer; the title names it in the offer. */
  sling(n: number, title: string): void {
    const rig = this.rigs[n % this.rigs.length];
    const frame = { name: "bead.sling", body: { rig, title }, key: `bench-${crypto.randomUUID()}` };
    this.#askers[n % this.#askers.length]?.emit("command", frame, (ack: Ack) => {
      if (!ack.ok) this.#failure ??= ack.error.message;
    });
  }
  #failure: string | null = null;

  /** Waits until the town has nothing left to do: it answers some questions in a row at once. */
  async rest(): Promise<void> {
    const endMs = performance.now() + STEP_MS_MAX;
    for (let prompt = 0; prompt < PROMPT_ANSWERS && performance.now() < endMs;) {
      const startedMs = performance.now();
      await this.call("rig.list", {});
      prompt = performance.now() - startedMs < PROMPT_MS ? prompt + 1 : 0;
      await Bun.sleep(PROMPT_MS);
    }
  }

  /** The first thing that went wrong with any connection, or null. */
  get failure(): string | null {
    return this.#failure ?? this.runners.find((runner) => runner.failure !== null)?.failure ?? null;
  }

  [Symbol.dispose](): void {
    this.#open.dispose();
  }
}

/** Ends a baseline as green. */
export function judge(spec: RunSpec, runner: PlayedRunner): void {
  runner.report(
    spec,
    { kind: "baseline", target: "main", targetOid: OID, green: true, gates: [], reason: null },
    { kind: "exit", outcome: "done", reason: null, exit: null },
  );
}

/** Ends a run as one that found nothing to do, which closes its bead. */
export function finish({ spec, runner }: TakenWork): void {
  runner.report(
    spec,
    {
      kind: "work_done",
      headOid: OID,
      baseOid: OID,
      branch: "played",
      summary: "played",
      noChangesReason: "it was only played",
      ...{ files: 0, additions: 0, deletions: 0 },
    },
    { kind: "exit", outcome: "done", reason: null, exit: null },
  );
}

/** @throws when it does not come true in time */
export async function until(what: string, isTrue: () => boolean): Promise<void> {
  const endMs = performance.now() + STEP_MS_MAX;
  while (!isTrue()) {
    if (performance.now() > endMs) throw new Error(`${what} did not come in ${STEP_MS_MAX} ms`);
    await Bun.sleep(5);
  }
}
