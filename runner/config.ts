/** Every figure of the runner that is not part of an offer. */
import { AGENT_MEMORY_BYTES } from "./host/resource-gate.ts";

/** Back-off between two connections: doubles from the first to the last, with full jitter above the first half. */
export const RECONNECT_FIRST_MS = 250;
export const RECONNECT_LAST_MS = 15_000;
/** Opening the socket, then each acknowledged message. */
export const CONNECT_TIMEOUT_MS = 15_000;
export const ACK_TIMEOUT_MS = 20_000;
/** A tool call may wait for a tick and the effects it owes. */
export const TOOL_TIMEOUT_MS = 60_000;
/** Part of the heartbeat period that is chance, so that runners of one host do not beat together. */
export const HEARTBEAT_JITTER = 0.2;
/** A batch of facts as JSON, well below FRAME_BYTES_MAX. */
export const FACT_BATCH_BYTES_MAX = 192 * 1024;
/** Facts kept for a town that cannot be reached; above it event batches are shed. */
export const SPOOL_BYTES_MAX = 256 * 1024 * 1024;

/** Agent events are gathered this long before they become one fact. */
export const EVENT_GATHER_MS = 100;
/** Progress facts of one run, at most one in this time. */
export const PROGRESS_EVERY_MS = 1_000;

/** A tool in flight holds the silence deadline back for this long (its own limit). */
export const TOOL_IN_FLIGHT_MS_MAX = 10 * 60_000;
/** A call that says more of itself (a command with a timeout of its own) gets it, up to this. */
export const TOOL_LIMIT_MS_MAX = 2 * 3_600_000;
/** A call that takes longer than this is told to the town. */
export const TOOL_TOLD_AFTER_MS = 60_000;
/** A turn that is interrupted ends within this time, or its agent does not answer any more. */
export const INTERRUPT_MS_MAX = 15_000;
export const INTERRUPT_AGAIN_MS = 1_000;
/** A model that cannot be reached is asked again with back-off for this long. */
export const MODEL_UNREACHABLE_MS_MAX = 2 * 60_000;
export const MODEL_RETRY_FIRST_MS = 1_000;
export const MODEL_RETRY_LAST_MS = 15_000;
/** Throttled answers in a row, without one success between, that end a run as throttled. */
export const THROTTLED_ANSWERS_MAX = 6;

/** An agent server is ready, with the town's tools, within this time; slow disks and a busy host included. */
export const AGENT_START_TIMEOUT_MS = 60_000;
/** From "no network" of an agent to its next try. */
export const AGENT_NETWORK_RETRY_MS = 3_000;
/** From asking an agent or gate to end to killing it. */
export const STOP_GRACE_MS = 3_000;
/** A tree that goes waits for its teardown so long. */
export const TEARDOWN_TIMEOUT_MS = 60_000;
/** Grace of the runs of a runner that drains. */
export const DRAIN_GRACE_MS = 5_000;
/** Runs that have not ended by then are left to the next start. */
export const DRAIN_MS_MAX = 15_000;
/** Then this long for what is still on disk to reach the town. */
export const DRAIN_FLUSH_MS = 3_000;
/** A town that was killed leaves its runner draining: the next town's waits for it this long. */
export const PREDECESSOR_MS_MAX = DRAIN_MS_MAX + DRAIN_FLUSH_MS + 2_000;

/** What is kept ready for the next work: so many trees with their agents, for so many rigs that are remembered. */
export const WARM_BERTHS_MAX = 2;
export const WARM_RIGS_MAX = 20;
/** An agent that waits leaves room for one that works: twice what the resource gate asks for one. */
export const WARM_MEMORY_BYTES_MIN = 2 * AGENT_MEMORY_BYTES;
/** How often it is seen whether what waits may stay. */
export const WARM_LOOK_MS = 5_000;

/** Runs that take no slot: each kind has a small cap of its own. */
export const CHECK_RUNS_MAX = 2;
export const MERGE_RUNS_MAX = 4;
export const BASELINE_RUNS_MAX = 2;
export const SESSION_RUNS_MAX = 4;

/** Bytes of new objects of saved work that are copied to a rig's repository. */
export const SAVED_COPY_BYTES_MAX = 64 * 1024 * 1024;
/** A copy that failed is tried again with back-off; one that was refused only so often, until there is a newer save; one that
 * failed for a credential as long as it takes. */
export const SAVED_COPY_BACK_OFF = { firstMs: 1_000, lastMs: 10 * 60_000 };
export const SAVED_COPY_REFUSALS_MAX = 5;
/** A run that ends waits so long for its last copy; it goes on afterwards. */
export const SAVED_COPY_AT_END_MS = 5_000;

/** What an agent remembers is handed over with back-off; a run that ends waits so long for it. */
export const SNAPSHOT_TRIES_MAX = 5;
export const SNAPSHOT_BACK_OFF = { firstMs: 200, lastMs: 5_000 };
export const SNAPSHOT_AT_END_MS = 5_000;

/** Setup (installing dependencies) has the network and no deadline of its own in a rig. */
export const SETUP_TIMEOUT_MS = 15 * 60_000;
export const GATE_OUTPUT_BYTES_MAX = 4 * 1024 * 1024;
/** Gate results kept for a tree that is asked for again. */
export const GATE_CACHE_ROWS_MAX = 500;
