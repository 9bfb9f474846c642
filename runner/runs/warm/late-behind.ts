/** Stands behind the doors of an agent that waits for its run: nobody answers, until the run stands there. */
import type { AgentBehind } from "../../agents/doors.ts";
import { upstreamNow, type Admission } from "../../agents/gateway.ts";
import type { ToolAnswer } from "../../agents/mcp.ts";
import type { Reach } from "../../egress/destination.ts";

const NOT_BEGUN = "No run has begun here. Nothing was done.";
const NOT_ADMITTED: Admission = { ok: false, code: "not_begun", message: NOT_BEGUN, status: 403 };
const NO_TOOLS: ToolAnswer = {
  ok: false,
  error: { code: "offline", message: NOT_BEGUN, retryable: false },
};

export class LateBehind {
  /** What the doors are opened with. */
  readonly behind: AgentBehind;
  /** Resolves when the agent has called its model and was refused. */
  readonly refused: Promise<void>;
  #run: AgentBehind | null = null;

  constructor(parts: {
    name: string;
    role: AgentBehind["tools"]["role"];
    /** Whether the run will have a way out of its sandbox; until then it leads nowhere. */
    hasEgress: boolean;
    models: readonly string[];
    now: () => number;
  }) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.refused = promise;
    const { name, role, models, now, hasEgress } = parts;
    this.behind = {
      runId: name,
      gateway: {
        ...{ models, now },
        upstream: () => upstreamNow(this.#begun.gateway.upstream),
        renew: () =>
          this.#begun.gateway.renew?.() ??
          Promise.resolve({ ok: false, retryable: false, message: "The key cannot be renewed." }),
        admit: (call) => {
          if (this.#run !== null) return this.#run.gateway.admit(call);
          resolve();
          return NOT_ADMITTED;
        },
        onUsage: (record) => this.#run?.gateway.onUsage(record),
        onFailure: (failure) => this.#run?.gateway.onFailure(failure),
      },
      tools: {
        role,
        call: (tool, args, meta) =>
          this.#run?.tools.call(tool, args, meta) ?? Promise.resolve(NO_TOOLS),
        onBug: (error, tool) => this.#begun.tools.onBug(error, tool),
      },
      egress: hasEgress
        ? {
            reach: () => reachNow(this.#run?.egress ?? null),
            onRefused: (destination, why) => this.#run?.egress?.onRefused(destination, why),
          }
        : null,
    };
  }

  /** From now on the run answers; once. */
  begin(run: AgentBehind): void {
    if (this.#run !== null) throw new Error("an agent that waited is given to one run only");
    this.#run = run;
  }

  /** Only what was admitted, or called for a run, gets here. */
  get #begun(): AgentBehind {
    if (this.#run === null) throw new Error("no run has begun here");
    return this.#run;
  }
}

function reachNow(egress: AgentBehind["egress"]): Reach {
  const reach = egress?.reach ?? [];
  return typeof reach === "function" ? reach() : reach;
}
