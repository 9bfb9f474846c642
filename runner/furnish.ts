/** Makes what every run works with: isolation, sandbox, git, sockets, agents. */
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { KiloDriver } from "./agents/kilo/kilo-driver.ts";
import { findKilo } from "./agents/kilo/kilo-binary.ts";
import type { AgentSpec } from "./agents/driver.ts";
import { randomHex } from "./clock.ts";
import { AGENT_NETWORK_RETRY_MS, AGENT_START_TIMEOUT_MS, STOP_GRACE_MS } from "./config.ts";
import { openGit } from "./git/git.ts";
import { sweepTrash, type OwnedRoot } from "./git/paths.ts";
import { programRoot } from "./program-root.ts";
import { stopStrays } from "./process/find-strays.ts";
import { markOwner } from "./process/mark.ts";
import { oneFetchAtATime, RigDesk } from "./runs/rig-desk.ts";
import { sweepScratch } from "./runs/recover.ts";
import { SocketDirs } from "./runs/socket-dirs.ts";
import type { TownRequests, Workplace } from "./runs/workplace.ts";
import { execInSandbox, execOnHost } from "./sandbox/exec-ports.ts";
import { probeIsolation } from "./sandbox/probe.ts";
import { Sandbox } from "./sandbox/sandbox.ts";
import { prepareToolbox } from "./sandbox/toolbox.ts";

/** What the spool and the session give. */
export type Base = Pick<
  Workplace,
  "root" | "spool" | "book" | "lease" | "clock" | "random" | "log" | "journals" | "gateCache"
>;
/** The workplace, and why nothing isolates where nothing does. */
export type Furnished = Workplace & { mode: Sandbox["mode"]; isolationReason: string | null };

/** Ends what a dead runner left, and makes the tools of the runs. */
export async function furnish(
  base: Base,
  options: { dataDir: string; kilo: string | null },
  town: TownRequests,
): Promise<Furnished> {
  const { root, clock, random, log } = base;
  const owner = markOwner(root.path);
  await stopStrays({ owner }, STOP_GRACE_MS);
  await sweepTrash(root);
  const isolation = await probeIsolation(owner);
  const compiled = !basename(process.execPath).startsWith("bun");
  const toolbox = await prepareToolbox(join(root.path, "toolbox"), {
    runtime: process.execPath,
    compiled,
  });
  const hostPath = process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin";
  const sandbox = new Sandbox({ isolation, toolbox, hostPath });
  const hide = [options.dataDir];
  const checkout = programRoot();
  const git = oneFetchAtATime(await hostGit(root, owner, hostPath));
  const place: Workplace = {
    ...base,
    ...{ owner, hide, git, sandbox },
    personHome: homedir(),
    rigs: new RigDesk(git, root),
    sockets: new SocketDirs({ tmpDir: tmpdir(), owner, random }),
    town,
    sandboxedExec: (runId) => execInSandbox({ sandbox, owner, runId, hide }),
    createDriver: (spec: AgentSpec) => {
      const binary = findKilo({
        setting: options.kilo,
        path: hostPath,
        roots: checkout === null ? [] : [checkout],
        installDir: join(root.path, "agents"),
      });
      if (!binary.ok) return { missing: binary.error.message };
      return new KiloDriver(spec, {
        ...{ sandbox, owner, log },
        binary: binary.value.path,
        password: randomHex(random, 24),
        startTimeoutMs: AGENT_START_TIMEOUT_MS,
        networkRetryMs: AGENT_NETWORK_RETRY_MS,
        now: () => clock.now(),
        random: () => random.unit(),
      });
    },
  };
  await sweepScratch(place);
  return {
    ...place,
    mode: isolation.mode,
    isolationReason: isolation.mode === "none" ? isolation.reason : null,
  };
}

async function hostGit(root: OwnedRoot, owner: string, path: string) {
  const agentSocket = process.env["SSH_AUTH_SOCK"];
  return openGit({
    exec: execOnHost({ owner, subject: "git" }),
    home: join(root.path, "git-home"),
    path,
    ...(agentSocket === undefined ? {} : { agentSocket }),
  });
}
