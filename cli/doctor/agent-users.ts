/** Sets up users for agents where bubblewrap does not work, and takes them away again: each step is a command that is shown. */
import { markOwner } from "../../runner/process/mark.ts";
import { probeIsolation } from "../../runner/sandbox/probe.ts";
import type { AgentPool } from "../../runner/sandbox/users/agent-user.ts";
import {
  claimUsers,
  poolOfHost,
  RIG_GROUP_PREFIX,
  USER_PREFIX,
  USERS_BESIDE_SLOTS,
} from "../../runner/sandbox/users/host-users.ts";
import { tablesOfHost } from "../../runner/sandbox/users/nft.ts";
import { Complaint } from "../complaint.ts";
import { defaultSlots } from "../up/slots.ts";
import { tmpdir } from "node:os";

type Command = readonly [string, ...string[]];

/** What `--fix` runs, in order; empty where bubblewrap works or all users are there. Error: a host that has no such users. */
export async function planUsers(): Promise<Command[]> {
  const isolation = await probeIsolation(markOwner(tmpdir()));
  if (isolation.mode === "bwrap") return [];
  if (process.platform !== "linux")
    throw new Complaint("Users for agents can be set up on Linux only.");
  return commandsFor(poolOfHost(), defaultSlots() + USERS_BESIDE_SLOTS);
}

/** What takes every one of them away. Error: a runner that lends them. */
export async function planRemoval(): Promise<Command[]> {
  const pool = poolOfHost();
  if (process.getuid?.() === 0) {
    const claim = claimUsers(pool, pool.users.length);
    claim.release();
    if (claim.users.length < Math.min(pool.users.length, pool.rigGroups.length))
      throw new Complaint("A runner of this host uses these users. Stop it first.");
  }
  const tables = await tablesOfHost(pool.users, markOwner(tmpdir()));
  const filters = "names" in tables ? tables.names : [];
  return [
    ...filters.map((name): Command => ["nft", "delete", "table", "inet", name]),
    ...pool.users.map(({ name }): Command => ["userdel", name]),
    ...pool.rigGroups.map((_, n): Command => ["groupdel", `${RIG_GROUP_PREFIX}${n + 1}`]),
  ];
}

/** Pure: what is missing of `count` users, each with a group of its own, and as many groups for rigs. */
export function commandsFor(pool: AgentPool, count: number): Command[] {
  const has = new Set(pool.users.map(({ name }) => name));
  const numbers = Array.from({ length: count }, (_, n) => n + 1);
  const users = numbers
    .map((n) => `${USER_PREFIX}${n}`)
    .filter((name) => !has.has(name))
    .map((name): Command => [
      ...(["useradd", "--system", "--user-group", "--no-create-home"] as const),
      ...["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", name],
    ]);
  const groups = numbers
    .slice(pool.rigGroups.length)
    .map((n): Command => ["groupadd", "--system", `${RIG_GROUP_PREFIX}${n}`]);
  return [...users, ...groups];
}

/** Where the programs are that change users: a person's PATH often leaves it out. */
const SEARCH_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin";

/** Runs them, each told before it begins. Error: without the rights, with the commands for somebody who has them. */
export async function carryOut(
  commands: readonly Command[],
  tell: (line: string) => void,
): Promise<void> {
  if (commands.length > 0 && process.getuid?.() !== 0)
    throw new Complaint(
      `Only root can do that. Let somebody run this as root:\n${commands.map(shown).join("\n")}`,
    );
  for (const command of commands) {
    tell(shown(command));
    const [name, ...rest] = command;
    const program = Bun.which(name ?? "", { PATH: SEARCH_PATH });
    if (program === null)
      throw new Complaint(`There is no \`${name}\` here. Install the package \`passwd\`.`);
    const child = Bun.spawn([program, ...rest], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    const said = (await new Response(child.stderr).text()).trim();
    if ((await child.exited) !== 0)
      throw new Complaint(`\`${shown(command)}\` failed: ${said.slice(0, 300) || "no word"}`);
  }
}

function shown(command: Command): string {
  return command.join(" ");
}
