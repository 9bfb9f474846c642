/** Whether an agent that asks may do a thing: what its role has, and nothing else. Pure. */
import type { AgentSpec } from "../driver.ts";
import { BUILT_IN_TOOLS, toolsOf } from "../tools.ts";
import type { AcpPermission } from "./acp-wire.ts";

/** Our word for each kind of tool of the protocol; the sandbox is the wall, this keeps a role to its task. */
const BUILT_IN_BY_KIND: Readonly<Record<string, string>> = {
  read: "read",
  search: "grep",
  edit: "edit",
  delete: "edit",
  move: "edit",
  execute: "bash",
};
const TOWN_TOOL = /(?:^|[^a-z])(gt_[a-z_]+)/;

export type PermissionAnswer = {
  allowed: boolean;
  outcome: { outcome: "selected"; optionId: string } | { outcome: "cancelled" };
};

/** Allows once, never for good. Where the agent offers no such answer, the request is called off. */
export function answerPermission(
  agent: Pick<AgentSpec, "role" | "servers">,
  { toolCall, options }: AcpPermission,
): PermissionAnswer {
  const allowed = mayUse(agent, toolCall);
  const wanted = allowed ? ["allow_once", "allow_always"] : ["reject_once", "reject_always"];
  const option = wanted
    .map((kind) => options.find((each) => each.kind === kind))
    .find((each) => each !== undefined);
  if (option === undefined) return { allowed: false, outcome: { outcome: "cancelled" } };
  return { allowed, outcome: { outcome: "selected", optionId: option.optionId } };
}

function mayUse(
  { role, servers }: Pick<AgentSpec, "role" | "servers">,
  { title, kind }: AcpPermission["toolCall"],
): boolean {
  const builtIn = BUILT_IN_BY_KIND[kind ?? ""];
  if (builtIn !== undefined) return BUILT_IN_TOOLS[role].includes(builtIn);
  const named = title ?? "";
  if (servers.some(({ name }) => isToolOf(name, named))) return true;
  const town = TOWN_TOOL.exec(named)?.[1];
  return toolsOf(role).some(({ name }) => name === town);
}

/** What a call is about, such as a place to fetch, may hold the name as well: only how programs name tools counts. */
function isToolOf(server: string, title: string): boolean {
  return new RegExp(`^(?:mcp__|Tool: )?${RegExp.escape(server)}(?:__|[_./])[\\w-]+$`).test(title);
}
