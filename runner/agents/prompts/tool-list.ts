/** The tools of a role by the names the model sees, from the registry that enforces them. */
import type { Role } from "../../../protocol/run.ts";
import { toolNameForModel, toolsOf } from "../tools.ts";

export function toolList(role: Role): string {
  return toolsOf(role)
    .map((tool) => toolNameForModel(tool.name))
    .join(", ");
}
