/** Opens the best isolation that this host has: bubblewrap, else users of their own, else none. */
import { probeIsolation, isAllowed, type Isolation } from "./probe.ts";
import { prepareToolbox, type Toolbox } from "./toolbox.ts";
import { AgentUsers } from "./users/agent-users.ts";
import { becoming, type AgentPool } from "./users/agent-user.ts";
import { Ground } from "./users/ground.ts";
import { NetworkFilter, openFilter } from "./users/network-filter.ts";
import { removeTables } from "./users/nft.ts";
import { claimUsers, poolOfHost, USERS_BESIDE_SLOTS } from "./users/host-users.ts";
import { shareProgram } from "./users/share-program.ts";
import { SETPRIV, tryUser, whyUnsuited } from "./users/suits.ts";

export interface IsolationOptions {
  owner: string;
  /** The runner's folder, by its real path. */
  root: string;
  /** The folder that holds it, with all that no agent may see. */
  dataDir: string;
  /** Of the user who started the runner: closed to agents. */
  home: string;
  toolbox: { dir: string; runtime: string; compiled: boolean };
  /** Hears of what somebody changed meanwhile. */
  warn: (text: string) => void;
}

export type OpenIsolation = {
  isolation: Isolation;
  toolbox: Toolbox;
  /** Users that cannot be lent: something of theirs cannot be ended. */
  stuck: readonly string[];
};

type OpenUsers = OpenIsolation & { isolation: Extract<Isolation, { mode: "user" }> };

/** What is found stands until `close`, which gives back what is held. */
export async function openIsolation(
  options: IsolationOptions & { slots: number },
): Promise<OpenIsolation & { close: () => Promise<void> }> {
  const { owner, root, dataDir, toolbox } = options;
  const found = await probeIsolation(owner);
  if (found.mode === "none" && isAllowed("user")) {
    const users = await openOwnUsers(options);
    if ("isolation" in users) return users;
    found.reason = `${found.reason} ${users.why}`;
  }
  if (process.getuid?.() === 0) await new Ground({ root, owner }).reclaim(dataDir);
  const prepared = await prepareToolbox(toolbox.dir, toolbox);
  return { isolation: found, toolbox: prepared, stuck: [], close: () => Promise.resolve() };
}

/** With the users that `gastown doctor --fix` has made. */
async function openOwnUsers(
  options: IsolationOptions & { slots: number },
): Promise<(OpenIsolation & { close: () => Promise<void> }) | { why: string }> {
  const pool = poolOfHost();
  const unsuited = whyUnsuited({ ...options, pool });
  if (unsuited !== null) return { why: unsuited };
  const claim = claimUsers(pool, options.slots + USERS_BESIDE_SLOTS);
  await clearBeside(pool, options);
  const opened = await openUsers(options, claim);
  if ("isolation" in opened) {
    const close = async () => {
      await opened.isolation.users.close();
      claim.release();
    };
    return { ...opened, close };
  }
  claim.release();
  return opened;
}

/** A killed runner may have had more users than this one takes: what is left of their filters goes, unless another runner has them. */
async function clearBeside(
  pool: AgentPool,
  { owner, warn }: Pick<IsolationOptions, "owner" | "warn">,
): Promise<void> {
  const idle = claimUsers(pool, pool.users.length);
  const cleared = await removeTables(idle.users, owner);
  idle.release();
  if ("why" in cleared) warn(`Tables of nftables may be left of an earlier runner. ${cleared.why}`);
}

/** Makes the ground for these users, and tries whether they see what they must not. */
export async function openUsers(
  options: IsolationOptions,
  pool: AgentPool,
): Promise<OpenUsers | { why: string }> {
  const { owner, root, dataDir, home } = options;
  const [first] = pool.users;
  if (first === undefined) return { why: "Other runners of this host use all users for agents." };
  // Files that git writes into a mirror are for those whom the rig's door lets in.
  process.umask(0o022);
  const ground = new Ground({ root, owner });
  const { dir, runtime, compiled } = options.toolbox;
  const shared = shareProgram(runtime, dir);
  const toolbox = await prepareToolbox(dir, { runtime: shared, compiled });
  ground.prepare(dataDir);
  const filter = await openFilter(pool.users, {
    owner,
    becoming: (user) => becoming(SETPRIV, user),
    runtime: toolbox.runtime,
    warn: options.warn,
  });
  const isFiltered = filter instanceof NetworkFilter;
  const users = new AgentUsers({
    ...{ pool, ground, setpriv: SETPRIV, owner },
    filter: isFiltered ? filter : null,
  });
  const stuck = (await users.sweep()).map(({ name }) => name);
  const secrets = [...ground.secrets(dataDir), ...(home === "/" ? [] : [home])];
  const needs = [toolbox.runtime, toolbox.entry, toolbox.gitConfig];
  const why = await tryUser(first, { owner, secrets, needs });
  if (why === null)
    return {
      isolation: {
        ...{ mode: "user", users },
        reason: isFiltered
          ? "agents are users of their own, their network is filtered"
          : `Agents run as users of their own, their network open. ${filter.why}`,
      },
      ...{ toolbox, stuck },
    };
  await users.close();
  await ground.reclaim(dataDir);
  return { why };
}
