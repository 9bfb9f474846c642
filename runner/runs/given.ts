/** What the people of a rig give one run: variables and ports for all of it, secrets for setup and gates. */
import type { PortBlock } from "../../protocol/entities/rig-environment.ts";
import type { Ack } from "../../protocol/error.ts";
import type { RigSecrets } from "../../protocol/runner-frames.ts";
import type { RunSpec } from "../../protocol/run-spec.ts";
import { portsOf } from "../host/port-blocks.ts";

/** Shorter ones would blot out ordinary words. */
const HIDDEN_CHARS_MIN = 4;

/** What a command of the rig is: setup and teardown may have the network, gates judge an agent's work. */
export type CommandUse = "setup" | "gates";

export class Given {
  /** Ports that are the run's own; null: none are wished for. */
  ports: PortBlock | null = null;
  /** Trees in which commands of the rig have run. */
  readonly used = new Set<string>();
  readonly #rig: Extract<RunSpec, { kind: "work" }>["rig"] | null;
  #secrets: Readonly<Record<string, string>> | null = null;

  constructor(spec: RunSpec) {
    this.#rig = "rig" in spec ? spec.rig : null;
  }

  /** For everything of the run, its agent included. */
  variables(): Record<string, string> {
    return { ...this.#rig?.environment.variables, ...this.#portVariables() };
  }

  /** For a command of the rig. The town is asked once; its refusal is the caller's. */
  async forCommand(
    use: CommandUse,
    ask: () => Promise<Ack<RigSecrets>>,
  ): Promise<Ack<Record<string, string>>> {
    const wanted = (this.#rig?.environment.secrets ?? []).filter(
      ({ gates }) => gates || use === "setup",
    );
    if (wanted.length === 0) return { ok: true, value: this.variables() };
    if (this.#secrets === null) {
      const answer = await ask();
      if (!answer.ok) return answer;
      this.#secrets = answer.value.values;
    }
    const secrets = this.#secrets;
    const values = wanted.flatMap(({ name }): [string, string][] => {
      const value = secrets[name];
      return value === undefined ? [] : [[name, value]];
    });
    return { ok: true, value: { ...this.variables(), ...Object.fromEntries(values) } };
  }

  /** A command's output without the secrets that it was given, line by line. */
  hide(output: string): string {
    const names = new Map<string, string>();
    for (const [name, secret] of Object.entries(this.#secrets ?? {}))
      for (const part of [secret, ...secret.split("\n")].map((each) => each.trim()))
        if (part.length >= HIDDEN_CHARS_MIN) names.set(part, name);
    if (names.size === 0) return output;
    // In one go, the longest first: one may hold another, and none is to be found in what stands for one.
    const parts = [...names.keys()].toSorted((a, b) => b.length - a.length);
    const any = new RegExp(parts.map((part) => RegExp.escape(part)).join("|"), "g");
    return output.replace(any, (part) => `[secret ${names.get(part) ?? ""}]`);
  }

  #portVariables(): Record<string, string> {
    if (this.ports === null) return {};
    const numbered = portsOf(this.ports).map((port, n): [string, string] => [
      `GASTOWN_PORT_${n + 1}`,
      String(port),
    ]);
    return { PORT: String(this.ports.first), ...Object.fromEntries(numbered) };
  }
}
