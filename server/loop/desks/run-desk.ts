/** What the runner of a live run asks for it: its agent's tools, and what its rig keeps secret. */
import { eq } from "drizzle-orm";
import {
  refuse,
  type RepositoryAccess,
  type RepositoryFrame,
  type Result,
  type RigSecrets,
  type RunKind,
  type SecretsFrame,
  type ToolAnswer,
  type ToolFrame,
} from "../../../protocol/index.ts";
import type { CommandPorts } from "../../commands/command.ts";
import { callAgentTool } from "../../commands/agent-tools.ts";
import type { RunnerPort } from "../../core.ts";
import { hasRight } from "../../reconcile/gates.ts";
import { NEED } from "../../reconcile/stages.ts";
import { BROWSE_TOOL, browseByTool } from "../../services/browse-tool.ts";
import type { Db } from "../../store/database.ts";
import { rowAt } from "../../store/rows.ts";
import { runners, runs } from "../../store/schema/runs.ts";
import { readRigSecrets } from "../../store/settings.ts";
import { repositoryAccess } from "./repository-access.ts";
import { refusalOf } from "./run-standing.ts";
import type { TownLoop } from "../town-loop.ts";

export interface RunDeskPorts extends CommandPorts {
  db: Db;
  loop: TownLoop;
  port: RunnerPort;
  online: (runnerId: string) => boolean;
}

export class RunDesk {
  readonly #ports: RunDeskPorts;

  constructor(ports: RunDeskPorts) {
    this.#ports = ports;
  }

  async tool(runnerId: string, frame: ToolFrame): Promise<Result<ToolAnswer>> {
    const { db, loop } = this.#ports;
    const stale = refusalOf(db, runnerId, frame);
    if (stale) return refuse("stale_fence", stale);
    // It asks a runner and changes nothing: no tick may wait for it.
    if (frame.tool === BROWSE_TOOL) return this.#browse(frame);
    return loop.submit<ToolAnswer>(`tool ${frame.tool}`, (tx) => {
      const run = rowAt(tx.db, runs, frame.runId);
      if (!run || run.state === "ended") return refuse("stale_fence", "this run has ended.");
      return callAgentTool(tx, run, frame, this.#ports);
    });
  }

  #browse(frame: ToolFrame): Promise<Result<ToolAnswer>> {
    const { db, port, online } = this.#ports;
    const run = db.select({ kind: runs.kind }).from(runs).where(eq(runs.id, frame.runId)).get();
    if (run?.kind !== "session")
      return Promise.resolve(refuse("forbidden", `this run may not call ${frame.tool}.`));
    return browseByTool({ db, runners: port, online }, frame.arguments);
  }

  /** What the rig of a live run keeps secret, for setup and gates. */
  secrets(runnerId: string, frame: SecretsFrame): Result<RigSecrets> {
    const { db, auth } = this.#ports;
    const stale = refusalOf(db, runnerId, frame);
    if (stale) return refuse("stale_fence", stale);
    const run = db
      .select({ rigId: runs.rigId, kind: runs.kind })
      .from(runs)
      .where(eq(runs.id, frame.runId))
      .get();
    const barred = run?.kind === "merge" ? this.#barred(runnerId, run.kind) : null;
    if (barred) return barred;
    return readRigSecrets(db, run?.rigId ?? "", (rowId, sealed) => auth.unseal(rowId, sealed));
  }

  /** What one operation of git needs on a rig's repository. */
  repository(runnerId: string, frame: RepositoryFrame): Result<RepositoryAccess> {
    const { db, auth } = this.#ports;
    const stale = frame.run === null ? null : refusalOf(db, runnerId, frame.run);
    return repositoryAccess({ db, auth }, runnerId, frame, stale);
  }

  /** People have taken the right to such runs from it while one was there: it gets nothing more for that. */
  #barred(runnerId: string, kind: RunKind): Result<never> | null {
    const runner = rowAt(this.#ports.db, runners, runnerId);
    if (!runner || hasRight(runner, NEED[kind])) return null;
    return refuse(
      "forbidden",
      `this runner may not do a ${kind} run any more: give it the right ${NEED[kind].right ?? ""} back, or let another do it.`,
    );
  }
}
