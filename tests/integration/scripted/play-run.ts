import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { ScriptedModel } from "../../../scripted/server.ts";

/** Which run to play, and in which tree. */
export interface PlayedRun {
  readonly model: ScriptedModel;
  readonly role: "polecat" | "refinery";
  readonly title: string;
  readonly tree: string;
  readonly attempt?: number;
  readonly round?: number;
  /** Ends the run after this many answers, as a killed agent does. */
  readonly answersMax?: number;
}

export interface ToolUse {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
  readonly result: string;
}

interface Message {
  role: string;
  content: string | null;
  tool_calls?: { id: string; type: "function"; function: { name: string; arguments: string } }[];
  tool_call_id?: string;
}

const TOOLS = [
  "bash",
  "edit",
  "read",
  "write",
  "gastown_gt_prime",
  "gastown_gt_done",
  "gastown_gt_verdict",
];
const ANSWERS_MAX = 20;

/** A small agent: asks the model, does what it says on real files, until it stops or hands in. */
export async function playRun(run: PlayedRun): Promise<ToolUse[]> {
  const briefing = `Bead: ${run.title}\nBead id: bd_test\nAttempt: ${run.attempt ?? 1}\nRound: ${run.round ?? 1}`;
  const messages: Message[] = [
    { role: "system", content: `Role: ${run.role}` },
    { role: "user", content: briefing },
  ];
  const used: ToolUse[] = [];
  for (let answer = 0; answer < (run.answersMax ?? ANSWERS_MAX); answer++) {
    const message = await ask(run.model, messages);
    messages.push(message);
    if (!message.tool_calls) return used;
    for (const call of message.tool_calls) {
      const name = call.function.name.replace("gastown_", "");
      const args = JSON.parse(call.function.arguments) as Record<string, unknown>;
      const result = await useTool(run.tree, name, args);
      used.push({ name, arguments: args, result });
      messages.push({ role: "tool", tool_call_id: call.id, content: result });
      if (name === "gt_done" || name === "gt_verdict") return used;
    }
  }
  return used;
}

/** Runs a shell command in the tree. */
export async function shell(
  tree: string,
  command: string,
): Promise<{ code: number; output: string }> {
  const child = Bun.spawn(["sh", "-c", `exec 2>&1\n${command}`], {
    cwd: tree,
    env: { PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`, HOME: tree },
    stdin: "ignore",
    stdout: "pipe",
  });
  const [output, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  return { code, output };
}

async function ask(model: ScriptedModel, messages: readonly Message[]): Promise<Message> {
  const body = JSON.stringify({
    model: "scripted",
    messages,
    tools: TOOLS.map((name) => ({ type: "function", function: { name } })),
  });
  const response = await fetch(`${model.url}/chat/completions`, { method: "POST", body });
  const answer = (await response.json()) as { choices: { message: Message }[] };
  const message = answer.choices[0]?.message;
  if (!message) throw new Error(`no answer: ${JSON.stringify(answer)}`);
  return message;
}

async function useTool(tree: string, name: string, args: Record<string, unknown>): Promise<string> {
  const path = resolve(tree, String(args["filePath"]));
  if (name === "bash") return (await shell(tree, String(args["command"]))).output;
  if (name === "read") return readFile(path, "utf8");
  if (name === "write") {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, String(args["content"]));
    return "Wrote file successfully.";
  }
  if (name !== "edit") return "{}";
  const before = await readFile(path, "utf8");
  if (!before.includes(String(args["oldString"]))) return "Could not find oldString in the file.";
  await writeFile(
    path,
    before.replace(String(args["oldString"]), () => String(args["newString"])),
  );
  return "Edit applied successfully.";
}
