/** A script names an agent's own tools as kilo does. Other agents have others: what is meant is done with those. */
import { offeredName } from "./conversation.ts";
import { shellWord } from "./template.ts";

export interface ToolUse {
  readonly name: string;
  readonly input: unknown;
}

/** Agents with a shell of another name: what it is called with. */
const SHELLS: Readonly<Record<string, (command: string) => Record<string, unknown>>> = {
  Bash: (command) => ({ command, description: "Runs a command" }),
  exec_command: (cmd) => ({ cmd }),
};

/**
 * The use of a tool as this agent can make it. What nothing fits is left as it is: the agent then answers that it has no
 * such tool.
 */
export function inHandsOf(offered: readonly string[], use: ToolUse): ToolUse {
  const name = offeredName(use.name, offered);
  if (offered.includes(name)) return { name, input: use.input };
  const shell = Object.keys(SHELLS).find((each) => offered.includes(each));
  const given = (use.input ?? {}) as Readonly<Record<string, unknown>>;
  const text = (key: string) => {
    const value = given[key];
    return typeof value === "string" ? value : "";
  };
  if (use.name === "read" && offered.includes("Read"))
    return { name: "Read", input: { file_path: text("filePath") } };
  const command = commandOf(use.name, text);
  if (shell === undefined || command === null) return { name, input: use.input };
  return { name: shell, input: SHELLS[shell]?.(command) };
}

function commandOf(name: string, text: (key: string) => string): string | null {
  const path = shellWord(text("filePath"));
  switch (name) {
    case "bash":
      return text("command");
    case "read":
      return `cat ${path}`;
    case "write":
      return `mkdir -p "$(dirname ${path})" && printf %s ${shellWord(text("content"))} > ${path}`;
    case "edit":
      return `bun -e ${shellWord(REPLACE)} ${path} ${shellWord(text("oldString"))} ${shellWord(text("newString"))}`;
    default:
      return null;
  }
}

/** Fails, as an editor does, when what is to be replaced is not there once. */
const REPLACE = `const [path, from, to] = process.argv.slice(-3);
const parts = (await Bun.file(path).text()).split(from);
if (parts.length !== 2) throw new Error("the text to replace is there " + (parts.length - 1) + " times");
await Bun.write(path, parts.join(to));`;
