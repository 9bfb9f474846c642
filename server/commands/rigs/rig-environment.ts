/** What a rig's people give its runs: changed by `rig.update`, but for secrets, which have a command of their own. */
import {
  ok,
  refuse,
  SECRETS_MAX,
  type CommandBody,
  type ErrorBody,
  type RigEnvironment,
} from "../../../protocol/index.ts";
import { rigImage } from "../../store/images/images.ts";
import { present } from "../../store/present.ts";
import { findRig } from "../../store/refs.ts";
import { rigSecretId } from "../../store/settings.ts";
import { updateRig } from "../../store/writes/rigs.ts";
import { putSecret, removeSecret } from "../../store/writes/settings.ts";
import type { Apply } from "../command.ts";
import { tailOf } from "./secret-tail.ts";

type Wish = Pick<
  CommandBody<"rig.update">["set"],
  "variables" | "instructions" | "toolServers" | "copies" | "ports" | "teardown"
>;

/** With what is wished for in its place. `isFelt`: setup or gates may end otherwise than before. */
export function changedEnvironment(
  before: RigEnvironment,
  wish: Wish,
): { environment: RigEnvironment; isFelt: boolean } {
  const { variables, instructions, toolServers, copies, ports, teardown } = wish;
  const isFelt =
    differs(variables, before.variables) ||
    differs(copies, before.copies) ||
    differs(ports, before.ports);
  return {
    isFelt,
    environment: {
      ...before,
      variables: variables ?? before.variables,
      instructions: {
        polecat: words(instructions?.polecat, before.instructions.polecat),
        refinery: words(instructions?.refinery, before.instructions.refinery),
      },
      toolServers: {
        polecat: toolServers?.polecat ?? before.toolServers.polecat,
        refinery: toolServers?.refinery ?? before.toolServers.refinery,
      },
      copies: copies ?? before.copies,
      ports: ports ?? before.ports,
      teardown: words(teardown, before.teardown),
      version: before.version + Number(isFelt),
    },
  };
}

function differs(wished: unknown, before: unknown): boolean {
  return wished !== undefined && JSON.stringify(wished) !== JSON.stringify(before);
}

/** An empty text is none. */
function words(wished: string | null | undefined, before: string | null): string | null {
  return wished === undefined ? before : wished || null;
}

/** The refusal of a variable that would hide a secret. */
export function clash(
  { secrets }: RigEnvironment,
  { variables = {} }: Wish,
): { ok: false; error: ErrorBody } | null {
  const both = secrets.find(({ name }) => name in variables);
  if (both === undefined) return null;
  return refuse(
    "invalid_body",
    `${both.name} is a secret of this rig. Take the secret away first, or choose another name.`,
  );
}

export const setRigSecret: Apply<"rig.secret"> = (tx, { rig: ref, name, value, gates }, ports) => {
  const rig = findRig(tx.db, ref);
  if (!rig.ok) return rig;
  const { id, environment } = rig.value;
  if (name in environment.variables)
    return refuse(
      "invalid_body",
      `${name} is a variable of this rig, which everybody sees. Take it away first, or choose another name.`,
    );
  const others = environment.secrets.filter((secret) => secret.name !== name);
  if (value === null && others.length === environment.secrets.length)
    return refuse("not_found", `this rig has no secret ${name}: look with \`gastown rig show\`.`);
  if (value !== null && others.length >= SECRETS_MAX)
    return refuse("invalid_body", `a rig has ${SECRETS_MAX} secrets at most. Take one away first.`);
  const rowId = rigSecretId(id, name);
  const tail = value === null ? "" : tailOf(value);
  if (value === null) removeSecret(tx, rowId);
  else putSecret(tx, rowId, ports.auth.seal(rowId, value), tail);
  const secrets =
    value === null
      ? others
      : [...others, { name, gates, tail }].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const changed = { ...environment, secrets, version: environment.version + 1 };
  updateRig(tx, rig.value, { environment: changed }, true);
  return ok(present(rigImage(tx.db, id), `rig ${id}`));
};
