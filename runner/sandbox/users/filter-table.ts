/** The table of the kernel's packet filter that keeps one user to its own servers and the ports that were opened for it. Pure. */
import type { AgentUser } from "./agent-user.ts";

/** Of connections that a user's processes begin, beside those of others who mark theirs. */
const MARK_BASE = 0x47_00_00_00;
const MARK_IDS = 0x01_00_00_00;
/** What a user's processes may reach (loopback ports of the runner, or the host's whole network), and where they may be reached. */
export type Passage = { ports: readonly number[]; serves: readonly number[]; open: boolean };

export const NO_PASSAGE: Passage = { ports: [], serves: [], open: false };

/** Name of a user's table in the family `inet`. */
export function tableName({ uid }: Pick<AgentUser, "uid">): string {
  return `gastown-${uid}`;
}

/**
 * Pure: replaces the user's table in one transaction. Whose a listener is, only its answer tells: a connection is marked when it is
 * begun, and the answer to it (SYN and ACK) passes from the user's own processes, or from a port that was opened for it. Any other
 * becomes a refusal (RST). So does an answer to others from a port at which nobody waits for this user: it could pose as the town.
 */
export function tableOf({ uid }: Pick<AgentUser, "uid">, passage: Passage): string {
  const { ports, serves, open } = passage;
  const name = tableName({ uid });
  const removal = removalOf({ uid });
  if (open) return removal;
  const answers = "tcp flags & (syn|ack) == (syn|ack)";
  const others = serves.map((port) => `tcp sport != ${port} `).join("");
  const mark = MARK_BASE + (uid % MARK_IDS);
  const doors = ports.map((port) => `    ct mark ${mark} tcp sport ${port} accept`);
  return [
    `${removal}table inet ${name} {`,
    "  chain out {",
    "    type filter hook output priority 0; policy accept;",
    `    oifname "lo" ${answers} ct mark ${mark} jump answer`,
    `    meta skuid ${uid} jump agent`,
    "  }",
    "  chain answer {",
    `    meta skuid ${uid} accept`,
    ...doors,
    "    tcp flags set rst|ack",
    "  }",
    "  chain agent {",
    '    oifname != "lo" reject',
    "    meta l4proto != tcp reject",
    `    ${answers} ${others}tcp flags set rst|ack`,
    `    tcp flags & (syn|ack) == syn ct mark set ${mark} accept`,
    "  }",
    "}",
    "",
  ].join("\n");
}

/** Pure: the user has no table afterwards, whether it had one or not. */
export function removalOf(user: Pick<AgentUser, "uid">): string {
  const name = tableName(user);
  return `table inet ${name} {}\ndelete table inet ${name}\n`;
}
