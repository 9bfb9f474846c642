/** The doors of agents without sockets: the same tools and the same gateway behind them. */
import type { AgentBehind, AgentDoors, OpenDoors } from "../../runner/agents/doors.ts";
import { callTool } from "../../runner/agents/mcp.ts";
import { randomHex, type Random } from "../../runner/clock.ts";

/** What lies behind one secret. */
export interface OpenDoor {
  readonly behind: AgentBehind;
  /** Calls a tool as the agent's program would; null when nobody answers any more. */
  call(name: string, args: Record<string, unknown>): Promise<{ text: string; ok: boolean } | null>;
}

export class SimDoors {
  readonly #random: Random;
  readonly #open = new Map<string, OpenDoor>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Doors by the secret of their tools. */
  find(secret: string): OpenDoor | undefined {
    return this.#open.get(secret);
  }

  readonly open: OpenDoors = (behind): AgentDoors => {
    const secret = randomHex(this.#random, 8);
    let revoked = false;
    let calls = 0;
    this.#open.set(secret, {
      behind,
      call: async (name, args) => {
        if (revoked) return null;
        const options = { ...behind.tools, runId: behind.runId };
        const answer = await callTool(options, name, args, String(++calls));
        const text = answer.content.map((part) => (part.type === "text" ? part.text : "")).join("");
        return { text, ok: answer.isError !== true };
      },
    });
    const reachable = (name: string) => ({ name, address: { port: 0 }, insidePort: 0 });
    return {
      socketDir: `/sim/sockets/${secret}`,
      gateway: { reachable: reachable("gateway"), token: secret },
      tools: { reachable: reachable("mcp"), secret, listed: Promise.resolve() },
      egress: null,
      revoke: () => (revoked = true),
      close: () => {
        revoked = true;
        this.#open.delete(secret);
        return Promise.resolve();
      },
    };
  };
}
