/** Which program the agents of a role are: the one resolver of that setting. Pure. */
import { DEFAULT_PROGRAM, type AgentProgram, type Role } from "../../../protocol/index.ts";

/** What was chosen, by scope: the town, or a rig's id. */
export type ProgramChoices = ReadonlyMap<string, Readonly<Partial<Record<Role, AgentProgram>>>>;

/** The scope of what holds wherever a rig has no choice of its own. */
const TOWN = "town";
/** Roles that work for one rig; the others are the town's. */
export const RIG_ROLES: readonly Role[] = ["polecat", "refinery"];

export function mayDifferByRig(role: Role): boolean {
  return RIG_ROLES.includes(role);
}

/** A rig's own choice over the town's over the default. */
export function resolveProgram(
  choices: ProgramChoices,
  rigId: string | null,
  role: Role,
): { program: AgentProgram; from: "rig" | "town" | "default" } {
  const ofRig = rigId === null ? undefined : choices.get(rigId)?.[role];
  if (ofRig !== undefined) return { program: ofRig, from: "rig" };
  const ofTown = choices.get(TOWN)?.[role];
  if (ofTown !== undefined) return { program: ofTown, from: "town" };
  return { program: DEFAULT_PROGRAM, from: "default" };
}

export function programOf(
  { programs }: { programs: ProgramChoices },
  rigId: string | null,
  role: Role,
): AgentProgram {
  return resolveProgram(programs, rigId, role).program;
}
