import { eq } from "drizzle-orm";
import { ok, type CommandBody } from "../../protocol/index.ts";
import {
  MODEL_SECRET,
  MODEL_SETTING,
  readModelSettings,
  readStoredModel,
  type SecretReader,
  type StoredModel,
} from "../store/settings.ts";
import { rigs } from "../store/schema/runs.ts";
import { town } from "../store/schema/town.ts";
import type { Tx } from "../store/tx.ts";
import { updateRig } from "../store/writes/rigs.ts";
import { forgetProviders } from "../store/writes/limits/limits.ts";
import { putSecret, putSetting, removeSecret } from "../store/writes/settings.ts";
import type { Apply, CommandPorts } from "./command.ts";
import { present } from "../store/present.ts";

/** A changed address clears the stored key: a secret goes only where it was meant to go. */
export const setModel: Apply<"model.set"> = (tx, body, ports) => {
  const before = readStoredModel(tx.db);
  const baseUrl = body.baseUrl.replace(/\/+$/, "");
  const moved =
    before !== null && (before.baseUrl !== baseUrl || before.provider !== body.provider);
  forgetProviders(tx);
  if (before?.provider === "scripted") forgetConfirmations(tx);
  storeModel(tx, {
    provider: body.provider,
    baseUrl,
    model: body.model,
    smallModel: body.smallModel ?? body.model,
    // A form that does not know of it leaves it as it is.
    fallbackModel:
      (body.fallbackModel === undefined ? before?.fallbackModel : body.fallbackModel) || null,
    prices: body.prices ?? before?.prices ?? {},
    roles: rolesOf(body),
  });
  if (body.key !== undefined && body.key !== "") putKey(tx, body.key, ports);
  else if (moved || body.key === "") removeSecret(tx, MODEL_SECRET);
  const unseal: SecretReader = (rowId, sealed) => ports.auth.unseal(rowId, sealed);
  return ok(present(readModelSettings(tx.db, unseal), "the model settings"));
};

function rolesOf(body: CommandBody<"model.set">): StoredModel["roles"] {
  const blankIsNull = (name: string | null | undefined) => name || null;
  return {
    mayor: blankIsNull(body.roles?.mayor),
    polecat: blankIsNull(body.roles?.polecat),
    refinery: blankIsNull(body.roles?.refinery),
    triage: blankIsNull(body.roles?.triage),
  };
}

/** What was confirmed for the scripted model's agents was not confirmed for a real one's. */
function forgetConfirmations(tx: Tx): void {
  const confirmed = tx.db.select().from(rigs).where(eq(rigs.isolationConfirmed, true)).all();
  for (const rig of confirmed) updateRig(tx, rig, { isolationConfirmed: false }, false);
}

function putKey(tx: Tx, key: string, { auth }: CommandPorts): void {
  putSecret(tx, MODEL_SECRET, auth.seal(MODEL_SECRET, key), key.slice(-4));
}

export function storeModel(tx: Tx, model: StoredModel): void {
  putSetting(tx, "town", MODEL_SETTING, model);
  const row = tx.db.select({ id: town.id }).from(town).get();
  if (row) tx.touch("town", row.id);
}
