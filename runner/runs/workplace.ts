/** What every run works with; made once by the composition root. */
import type { ModelCredential } from "../../protocol/runner-frames.ts";
import type { ToolAnswer } from "../../protocol/runner-frames.ts";
import type { Ack } from "../../protocol/error.ts";
import type { Fence } from "../../protocol/run.ts";
import type { AgentDriver, AgentSpec } from "../agents/driver.ts";
import type { Clock, Random } from "../clock.ts";
import type { SandboxedExec } from "../git/exec.ts";
import type { Git } from "../git/git.ts";
import type { OwnedRoot } from "../git/paths.ts";
import type { Log } from "../log.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { Lease } from "../session/lease.ts";
import type { GateCache } from "../spool/gate-cache.ts";
import type { Journals } from "../spool/journals.ts";
import type { RunBook } from "../spool/run-book.ts";
import type { Spool } from "../spool/spool.ts";
import type { RigDesk } from "./rig-desk.ts";
import type { SocketDirs } from "./socket-dirs.ts";

/** What a run may ask of the town. Offline it fails at once, as retryable. */
export interface TownRequests {
  tool(call: {
    runId: string;
    fence: Fence;
    turnId: string | null;
    tool: string;
    arguments: unknown;
    key: string;
  }): Promise<Ack<ToolAnswer>>;
  credential(want: { runId: string; fence: Fence; want: "model" }): Promise<Ack<ModelCredential>>;
}

export interface Workplace {
  /** The runner's folder, claimed and marked. */
  root: OwnedRoot;
  /** `markOwner` of the data directory. */
  owner: string;
  /** Folders no agent may see. */
  hide: readonly string[];
  /** Home of the person the runner works for: their git settings count in their own checkout. */
  personHome: string;
  git: Git;
  sandbox: Sandbox;
  rigs: RigDesk;
  sockets: SocketDirs;
  spool: Spool;
  book: RunBook;
  journals: Journals;
  gateCache: GateCache;
  lease: Lease;
  town: TownRequests;
  /** Makes the agent of one run, in this runner's sandbox. Throws only for bugs. */
  createDriver(spec: AgentSpec): AgentDriver | { missing: string };
  /** The git port inside the sandbox of one run. */
  sandboxedExec(runId: string): SandboxedExec;
  clock: Clock;
  random: Random;
  log: Log;
}
