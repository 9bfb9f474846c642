/** The programs that were chosen for roles: the one reader. */
import { sql } from "drizzle-orm";
import {
  agentProgramSchema,
  roleSchema,
  type AgentProgram,
  type ProgramChoice,
  type Role,
} from "../../../protocol/index.ts";
import { mayDifferByRig, resolveProgram, type ProgramChoices } from "../../model/agents/program.ts";
import type { Db } from "../database.ts";
import { prepared } from "../prepared.ts";
import { runners } from "../schema/runs.ts";
import { settings } from "../schema/town.ts";

/** Keys of the settings table that hold the program of a role. */
export const PROGRAM_PREFIX = "program.";

const rows = prepared((db) =>
  db
    .select()
    .from(settings)
    .where(sql`${settings.key} >= 'program.' and ${settings.key} < 'program/'`)
    .prepare(),
);
const connected = prepared((db) =>
  db
    .select({ name: runners.name, programs: runners.programs })
    .from(runners)
    .where(sql`${runners.state} = 'connected'`)
    .orderBy(runners.name)
    .prepare(),
);

/** What this version does not know any more is as if it had not been chosen. */
export function readPrograms(db: Db): ProgramChoices {
  const scopes = new Map<string, Partial<Record<Role, AgentProgram>>>();
  for (const { scope, key, value } of rows(db).all()) {
    const role = roleSchema.safeParse(key.slice(PROGRAM_PREFIX.length));
    const program = agentProgramSchema.safeParse(value);
    if (!role.success || !program.success) continue;
    scopes.set(scope, { ...scopes.get(scope), [role.data]: program.data });
  }
  return scopes;
}

/** As people see it: of the town, or of a rig, which has only some roles. */
export function readProgramChoices(db: Db, rigId: string | null): ProgramChoice[] {
  const choices = readPrograms(db);
  const there = connected(db).all();
  return roleSchema.options
    .filter((role) => rigId === null || mayDifferByRig(role))
    .map((role) => {
      const { program, from } = resolveProgram(choices, rigId, role);
      const have = there.filter(({ programs }) => programs.includes(program));
      return { role, program, from, runners: have.map(({ name }) => name) };
    });
}
