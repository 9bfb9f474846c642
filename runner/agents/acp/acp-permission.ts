/** Whether an agent that asks may do a thing: what its role has, and nothing else. Pure. */
import type { Role } from "../../../protocol/run.ts";
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
  role: Role,
  { toolCall, options }: AcpPermission,
): PermissionAnswer {
  const allowed = mayUse(role, toolCall);
  const wanted = allowed ? ["allow_once", "allow_always"] : ["reject_once", "reject_always"];
  const option = wanted
    .map((kind) => options.find((each) => each.kind === kind))
    .find((each) => each !== undefined);
  if (option === undefined) return { allowed: false, outcome: { outcome: "cancelled" } };
  return { allowed, outcome: { outcome: "selected", optionId: option.optionId } };
}

function mayUse(role: Role, { title, kind }: AcpPermission["toolCall"]): boolean {
  const builtIn = BUILT_IN_BY_KIND[kind ?? ""];
  if (builtIn !== undefined) return BUILT_IN_TOOLS[role].includes(builtIn);
  const town = TOWN_TOOL.exec(title ?? "")?.[1];
  return toolsOf(role).some(({ name }) => name === town);
}
