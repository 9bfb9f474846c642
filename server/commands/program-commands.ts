/** Which program the agents of a role are. */
import { ok, programFits, PROGRAM_TITLES, programsFor, refuse } from "../../protocol/index.ts";
import { mayDifferByRig } from "../model/agents/program.ts";
import { TOWN_SCOPE } from "../store/limits/policies.ts";
import { present } from "../store/present.ts";
import { PROGRAM_PREFIX, readProgramChoices } from "../store/limits/programs.ts";
import { findRig } from "../store/refs.ts";
import { dropSetting, putSetting } from "../store/writes/settings.ts";
import type { Apply } from "./command.ts";
import { lookAgain } from "./setting-commands.ts";

/** Runs that are up go on as they are; the next of the role is the other program, in the same tree. */
export const setProgram: Apply<"program.set"> = (tx, { role, program, rig: ref }) => {
  if (ref !== undefined && !mayDifferByRig(role))
    return refuse("invalid_body", `rig: the ${role} is the town's. Leave the rig out.`);
  if (program !== null && !programFits(program, role))
    return refuse(
      "invalid_body",
      `program: ${PROGRAM_TITLES[program]} cannot be kept to what the ${role} may do. Choose ${programsFor(role).join(", ")}.`,
    );
  const rig = ref === undefined ? null : findRig(tx.db, ref);
  if (rig !== null && !rig.ok) return rig;
  const rigId = rig === null ? null : rig.value.id;
  const key = PROGRAM_PREFIX + role;
  if (program === null) dropSetting(tx, rigId ?? TOWN_SCOPE, key);
  else putSetting(tx, rigId ?? TOWN_SCOPE, key, program);
  lookAgain(tx, rigId);
  const shown = readProgramChoices(tx.db, rigId).find((each) => each.role === role);
  return ok(present(shown, `the program of ${role}`));
};
