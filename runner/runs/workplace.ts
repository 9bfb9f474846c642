/** What every run works with; made once by the composition root. */
import type { HostGauge } from "../host/host-gauge.ts";
import type { PortBlocks } from "../host/port-blocks.ts";
import type {
  ModelCredential,
  RigSecrets,
  SnapshotGetFrame,
  SnapshotKeepFrame,
  SnapshotPiece,
  SnapshotPutFrame,
  ToolAnswer,
} from "../../protocol/runner-frames.ts";
import type { AgentProgram } from "../../protocol/entities/agent-program.ts";
import type { Ack } from "../../protocol/error.ts";
import type { Fence } from "../../protocol/run.ts";
import type { AgentDriver, AgentSpec } from "../agents/driver.ts";
import type { OpenDoors } from "../agents/doors.ts";
import type { Clock, Random } from "../clock.ts";
import type { Log } from "../log.ts";
import type { SandboxMode } from "../sandbox/sandbox-spec.ts";
import type { TerminalDesk } from "../pty/terminal-desk.ts";
import type { Lease } from "../session/lease.ts";
import type { GateCache } from "../spool/gate-cache.ts";
import type { Journals } from "../spool/journals.ts";
import type { RunBook } from "../spool/run-book.ts";
import type { Spool } from "../spool/spool.ts";
import type { Commands } from "../works/commands.ts";
import type { AskTown } from "../works/repository-keys.ts";
import type { RigDesk } from "../works/rig-desk.ts";
import type { Works } from "../works/works.ts";
import type { SaveDesk } from "./saves/save-desk.ts";
import type { WarmPool } from "./warm/warm-pool.ts";

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
  secrets(want: { runId: string; fence: Fence }): Promise<Ack<RigSecrets>>;
  repository: AskTown;
  putSnapshot(piece: Omit<SnapshotPutFrame, "connection">): Promise<Ack<null>>;
  keepSnapshot(wish: Omit<SnapshotKeepFrame, "connection">): Promise<Ack<null>>;
  getSnapshot(wish: Omit<SnapshotGetFrame, "connection">): Promise<Ack<SnapshotPiece>>;
}

export interface Workplace {
  /** Agent programs that were found here. */
  programs: readonly AgentProgram[];
  /** Folders no agent may see. */
  hide: readonly string[];
  /** What keeps agents and gates apart from this host. */
  isolation: SandboxMode;
  host: HostGauge;
  ports: PortBlocks;
  works: Works;
  rigs: RigDesk;
  commands: Commands;
  spool: Spool;
  book: RunBook;
  saves: SaveDesk;
  journals: Journals;
  gateCache: GateCache;
  lease: Lease;
  town: TownRequests;
  /** Its address, for what is called there over HTTP. */
  townUrl: string;
  openDoors: OpenDoors;
  /** What is kept ready for work. */
  warm: WarmPool;
  terminals: Pick<TerminalDesk, "admit" | "dismiss">;
  /** Makes the agent of one run, in this runner's sandbox. Throws only for bugs. */
  createDriver(spec: AgentSpec): AgentDriver | { missing: string };
  /** Ends what a dead runner left of a run's processes. */
  stopStrays(runId: string): Promise<void>;
  clock: Clock;
  random: Random;
  log: Log;
}
