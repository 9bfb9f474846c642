/** The Mayor's look into a rig's repository: asks a runner, changes nothing, and is no effect of the turn. */
import { ok, type Browsed, type Result, type ToolAnswer } from "../../protocol/index.ts";
import { parse, refused } from "../commands/mayor-answer.ts";
import { browseRig, type LookPorts } from "./browse-rig.ts";

export const BROWSE_TOOL = "gt_rig_browse";

/** @param input as the agent gave it; a refusal is an answer that says what to do next */
export async function browseByTool(ports: LookPorts, input: unknown): Promise<Result<ToolAnswer>> {
  const { log, ...rest } = (input ?? {}) as Record<string, unknown>;
  const commits = log === true ? COMMITS : 0;
  const body = parse("rig.browse", { ...rest, commits, bytes: FILE_BYTES });
  const found = body.ok ? await browseRig(ports, body.value) : body;
  if (found.ok) return ok({ isError: false, text: textOf(found.value) });
  const { text } = refused(found.error);
  return ok({ isError: true, text });
}

/** What fits into one result of a tool, with room for its frame. */
const FILE_BYTES = 16_000;
const COMMITS = 50;
const ENTRIES = 300;

function textOf(found: Browsed): string {
  const head = `${found.path || "/"} at ${found.ref} (${found.oid.slice(0, 12)})`;
  switch (found.kind) {
    case "folder": {
      const lines = found.entries.slice(0, ENTRIES).map(entryText);
      return listed(head, lines, found.isCut || found.entries.length > ENTRIES);
    }
    case "file": {
      if (found.isBinary) return `${head}: a binary file of ${found.bytes} bytes`;
      const rest = found.next === null ? "" : `\n[cut: call again with offset ${found.next}]`;
      return `${head}, ${found.bytes} bytes\n${found.text}${rest}`;
    }
    case "log": {
      const lines = found.commits.map(
        ({ oid, at, author, subject }) =>
          `${oid.slice(0, 12)} ${new Date(at).toISOString().slice(0, 10)} ${author}: ${subject}`,
      );
      return listed(`commits of ${head}`, lines, found.isCut);
    }
  }
}

function entryText({ name, kind, bytes }: Extract<Browsed, { kind: "folder" }>["entries"][number]) {
  if (kind === "folder") return `${name}/`;
  return kind === "file" ? `${name} ${bytes ?? 0} bytes` : `${name} (${kind})`;
}

function listed(head: string, lines: readonly string[], isCut: boolean): string {
  return [head, ...lines, ...(isCut ? ["[cut: there are more]"] : [])].join("\n");
}
