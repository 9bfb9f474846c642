/** The minds of the agents of a play: what they do well, and what they do when they are odd. */
import type { AgentSpec } from "../../runner/agents/driver.ts";
import type { Answer, Asked, Mind } from "../agent/answer.ts";
import type { SimRandom } from "../random.ts";
import { triageMind } from "./triage-mind.ts";
import { beadNumber, BROKEN, fileOf, lineOf, sharedFileOf } from "./content.ts";

/** Ways of an agent to be odd. */
export const ODDITIES = [
  "lies",
  "dawdles",
  "repeats",
  "goes silent",
  "finishes twice",
  "finishes late",
  "refuses to start",
  "starts slowly",
  "dies",
  "dies in its work",
  "breaks the gates",
  "asks for changes",
  "cannot decide",
  "model fails",
  "model fails later",
  "is out of quota",
  "asks",
  "asks and waits",
  "escalates",
] as const;
export type Oddity = (typeof ODDITIES)[number];

export interface MindOptions {
  random: SimRandom;
  /** How this agent is odd; null: not at all. */
  oddity: Oddity | null;
  /** The tree it works in, as it is now. */
  files: () => ReadonlyMap<string, string> | undefined;
  /** What the Mayor does with a message. */
  mayor: (asked: Asked) => readonly Answer[];
}

/** Null: the agent refuses to start. */
export function makeMind(spec: AgentSpec, options: MindOptions): Mind | null {
  const { oddity, random } = options;
  if (oddity === "refuses to start") return null;
  if (spec.role === "triage") return triageMind(options);
  let left: Answer[] | null = null;
  let turn = "";
  const later = oddity === "model fails later" ? failsLater(spec, random) : null;
  return (asked) => {
    const failed = later?.(asked) ?? null;
    if (failed !== null) return failed;
    if (asked.prompt !== turn) left = null;
    turn = asked.prompt;
    left ??= [...answersOf(spec, asked, options)];
    return left.shift() ?? {};
  };
}

function answersOf(spec: AgentSpec, asked: Asked, options: MindOptions): readonly Answer[] {
  const { oddity, random } = options;
  const thinkMs = 500 + random.below(20_000);
  if (oddity === "goes silent")
    return [{ afterMs: thinkMs, text: "Hm.", goesOn: true }, { silent: true }];
  if (oddity === "dies") return [{ afterMs: thinkMs, dies: true }];
  if (oddity === "model fails") {
    const kind = random.unit() < 0.5 ? ("throttle" as const) : ("unreachable" as const);
    return Array<Answer>(random.below(8)).fill(failing(kind));
  }
  if (oddity === "is out of quota") return [failing("quota")];
  if (oddity === "repeats")
    return Array<Answer>(30).fill({ tool: { name: "gt_prime", arguments: {} } });
  if (spec.role === "mayor") return options.mayor(asked);
  const own = spec.role === "polecat" ? polecat(asked, options) : refinery(options);
  const slow = oddity === "dawdles" ? 60_000 + random.below(120_000) : thinkMs;
  return own.map((answer, n) => (n === 0 ? { ...answer, afterMs: slow } : answer));
}

function polecat(asked: Asked, { oddity, files, random }: MindOptions): Answer[] {
  const n = beadNumber(asked.prompt);
  const done = { tool: { name: "gt_done", arguments: { summary: "Wrote the line" } } };
  if (n === null || oddity === "lies") return [done, { text: "Done." }];
  const tree = files() ?? new Map<string, string>();
  const writes: Record<string, string> = { [fileOf(n)]: lineOf(n) };
  const shared = sharedFileOf(n);
  if (shared !== null && !(tree.get(shared) ?? "").includes(lineOf(n)))
    writes[shared] = (tree.get(shared) ?? "") + lineOf(n);
  if (oddity === "breaks the gates" && !asked.prompt.includes("feedback"))
    writes[fileOf(n)] = BROKEN;
  const look = { tool: { name: "gt_prime", arguments: {} } };
  const afterMs = 100 + random.below(4_000);
  const write = { text: "# Writing\nThe line.", writes, goesOn: true, afterMs };
  const end = { text: "Done." };
  const nothing = { summary: "It is there already", no_changes_reason: "The line is there." };
  if (tree.get(fileOf(n)) === lineOf(n) && Object.keys(writes).length === 1)
    return [done, { tool: { name: "gt_done", arguments: nothing } }, end];
  if (oddity === "dies in its work") return [look, write, { dies: true }];
  if (oddity === "finishes twice") return [write, done, done, end];
  if (oddity === "finishes late")
    return [write, { ...end, afterMs: 30_000 }, { ...done, afterMs: 90_000 }, end];
  return [look, write, ...calls(oddity), { ...done, afterMs }, end];
}

/** Its model fails when the work has begun, on end over several turns. */
function failsLater({ role }: AgentSpec, random: SimRandom): (asked: Asked) => Answer | null {
  const kind = (["throttle", "unreachable", "quota"] as const)[random.below(3)] ?? "throttle";
  let left = 1 + random.below(10);
  return ({ call }) => (role === "polecat" && call > 2 && left-- > 0 ? failing(kind) : null);
}

function failing(kind: "throttle" | "unreachable" | "quota"): Answer {
  return { fails: { kind, status: 503, message: "The model is busy.", retryAfterMs: null } };
}

/** What an agent does that needs a person. */
function calls(oddity: Oddity | null): Answer[] {
  const question = { question: "May I?", options: ["Yes.", "No."], default: "No." };
  if (oddity === "asks") return [{ tool: { name: "gt_ask", arguments: question } }];
  if (oddity === "asks and waits")
    return [{ tool: { name: "gt_ask", arguments: { ...question, wait: true } } }];
  // The same call twice would be one.
  const cries = ["Help.", "Please."].map((body) => ({
    tool: { name: "gt_escalate", arguments: { title: "I am lost", body, severity: "medium" } },
  }));
  return oddity === "escalates" ? cries : [];
}

function refinery({ oddity, random }: MindOptions): Answer[] {
  const verdict =
    oddity === "asks for changes"
      ? "request_changes"
      : oddity === "cannot decide"
        ? "cannot_decide"
        : "approve";
  const comments =
    verdict === "request_changes" ? [{ file: "README.md", line: 1, body: "Say more." }] : [];
  const given = { verdict, summary: `I have read it ${random.below(9)} times.`, comments };
  return [{ tool: { name: "gt_verdict", arguments: given } }, { text: "Done." }];
}
