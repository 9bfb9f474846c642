/** The errand of one turn of a session: run again, with its journal, until it has ended. */
import type { RunSpec, TurnSpec } from "../../protocol/run-spec.ts";
import type { ToolAnswer, ToolFrame } from "../../protocol/runner-frames.ts";
import type { Random } from "../../runner/clock.ts";
import type { Errand, HandTown } from "./hand-town.ts";
import { newId } from "./new-id.ts";
import { LIMITS } from "./run-limits.ts";

export class OneTurn implements Errand {
  /** Effects by their keys: a key that comes again has no second effect. */
  readonly effects = new Map<string, ToolFrame>();
  /** Every call that arrived. */
  readonly calls: ToolFrame[] = [];
  readonly #random: Random;
  readonly #sessionId: string;
  readonly #agentId: string;
  readonly #turnId: string;

  constructor(random: Random) {
    this.#random = random;
    this.#sessionId = newId(random, "session");
    this.#agentId = newId(random, "agent");
    this.#turnId = newId(random, "turn");
  }

  isDone(town: HandTown): boolean {
    return town.of("turn_ended").some(({ reason }) => reason === "completed");
  }

  spec(_town: HandTown, n: number): RunSpec {
    const journal = [...this.effects.values()].map(({ tool, arguments: given }) => ({
      tool,
      arguments: JSON.stringify(given),
      answer: "slung",
    }));
    const turn: TurnSpec = { turnId: this.#turnId, text: "Please add a line", digest: [], journal };
    return {
      kind: "session",
      runId: newId(this.#random, "run"),
      resource: this.#sessionId,
      fence: { epoch: 1, n },
      limits: LIMITS,
      sessionId: this.#sessionId,
      agent: { id: this.#agentId, name: "Mayor", role: "mayor" },
      model: { model: "m", smallModel: "m", scripted: true },
      program: "kilo",
      turns: [turn],
      snapshot: null,
      noSnapshot: null,
      transcript: [],
    };
  }

  tool(frame: ToolFrame): ToolAnswer {
    this.calls.push(frame);
    if (!this.effects.has(frame.key)) this.effects.set(frame.key, frame);
    return { isError: false, text: "slung" };
  }
}
