/** The rigs of a play: their remotes, their settings, and what their commands say of a tree. */
import type { CommandInput } from "../../protocol/index.ts";
import type { SimForge } from "../git/forge.ts";
import type { SimRandom } from "../random.ts";
import type { Judged } from "../runner/commands.ts";
import { BROKEN } from "./content.ts";

export interface PlayRig {
  name: string;
  url: string;
  input: CommandInput<"rig.add">;
}

/** `runners`: with more than one, work must leave its runner, so delivery is never `none`. */
export function makeRigs(
  forge: SimForge,
  random: SimRandom,
  { rigs, runners }: { rigs: number; runners: number },
): PlayRig[] {
  const deliveries =
    runners > 1 ? (["merge", "branch"] as const) : (["merge", "branch", "none"] as const);
  const shift = random.below(deliveries.length);
  return Array.from({ length: rigs }, (_, n) => {
    const [name, url] = [`rig${n}`, `/remotes/rig${n}`];
    forge.make(url, new Map([["README.md", `# Rig ${n}\n`]]));
    const delivery = deliveries[(n + shift) % deliveries.length] ?? "branch";
    const gates = [{ name: "lines", command: "check lines", timeoutMs: 60_000 }];
    const setup = random.unit() < 0.5 ? "install" : null;
    const codeReview = random.unit() < 0.7;
    const slots = 4 + random.below(8);
    const input = { name, remote: url, target: "main", delivery, codeReview, gates, setup, slots };
    return { name, url, input };
  });
}

/** No tree with broken lines is green. */
export function judgeTree(
  line: string,
  files: ReadonlyMap<string, string>,
  random: SimRandom,
): Judged {
  const durationMs = 200 + random.below(3_000);
  if (line === "install") return { code: 0, output: "installed\n", durationMs };
  const broken = [...files].filter(([, text]) => text === BROKEN).map(([path]) => path);
  return { code: broken.length === 0 ? 0 : 1, output: broken.join("\n"), durationMs };
}
