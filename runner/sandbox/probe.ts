/** Finds out which isolation works on this host. */
import { markOf } from "../process/mark.ts";
import { run } from "../process/process.ts";
import type { SandboxMode } from "./sandbox-spec.ts";
import type { AgentUsers } from "./users/agent-users.ts";

/** What keeps agents apart, with a sentence on how it was found. */
export type Isolation =
  | { mode: "bwrap"; bwrap: string; reason: string }
  | { mode: "user"; users: AgentUsers; reason: string }
  | { mode: "none"; reason: string };

const PROBE_TIMEOUT_MS = 10_000;
const SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin";
/** Names the only isolation that may be used; what it cannot have, it does not get. */
const CHOICE = "GASTOWN_ISOLATION";

/** Whether the person who started this program allows it. A word that names no mode allows none. */
export function isAllowed(mode: SandboxMode): boolean {
  const choice = process.env[CHOICE] ?? "";
  return choice === "" || choice === mode;
}

/** Tries the very namespaces a sandbox uses. Does not cache: its caller keeps the answer for its lifetime. */
export async function probeIsolation(
  owner: string,
): Promise<Extract<Isolation, { mode: "bwrap" | "none" }>> {
  if (process.platform !== "linux")
    return none("bubblewrap needs Linux. Agents would run with your own rights here.");
  if (!isAllowed("bwrap")) return none(`${CHOICE} forbids bubblewrap.`);
  const bwrap = Bun.which("bwrap", { PATH: SEARCH_PATH });
  if (bwrap === null) return none("bubblewrap is not installed. Install the package `bubblewrap`.");
  const arguments_ = [
    "--die-with-parent",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-net",
    "--cap-drop",
    "ALL",
  ];
  const result = await run(
    [bwrap, ...arguments_, "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"],
    {
      cwd: "/",
      env: { PATH: SEARCH_PATH },
      mark: markOf(owner, "probe"),
      timeoutMs: PROBE_TIMEOUT_MS,
      outputBytesMax: 4_096,
    },
  );
  if (result.exit.code === 0)
    return { mode: "bwrap", bwrap, reason: `bubblewrap at ${bwrap} works` };
  const said = result.stderr.trim().split("\n")[0] ?? "";
  return none(
    `bubblewrap is installed but does not work: ${said || "no answer"}. Allow unprivileged user namespaces.`,
  );
}

function none(reason: string): Extract<Isolation, { mode: "none" }> {
  return { mode: "none", reason };
}
