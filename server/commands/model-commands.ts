import { ok, type CommandBody, type ModelSettings } from "../../protocol/index.ts";
import {
  MODEL_SECRET,
  MODEL_SETTING,
  readModelSettings,
  readStoredModel,
  type StoredModel,
} from "../store/settings.ts";
import { town } from "../store/schema/town.ts";
import type { Tx } from "../store/tx.ts";
import { putSecret, putSetting, removeSecret } from "../store/writes/settings.ts";
import type { Apply, CommandPorts } from "./command.ts";

/** A changed address clears the stored key: a secret goes only where it was meant to go. */
export const setModel: Apply<"model.set"> = (tx, body, ports) => {
  const before = readStoredModel(tx.db);
  const moved =
    before !== null && (before.baseUrl !== body.baseUrl || before.provider !== body.provider);
  storeModel(tx, {
    provider: body.provider,
    baseUrl: body.baseUrl.replace(/\/+$/, ""),
    model: body.model,
    smallModel: body.smallModel ?? body.model,
    roles: rolesOf(body),
  });
  if (body.key !== undefined && body.key !== "") putKey(tx, body.key, ports);
  else if (moved || body.key === "") removeSecret(tx, MODEL_SECRET);
  return ok(readModelSettings(tx.db, ports.auth.unseal) as ModelSettings);
};

function rolesOf(body: CommandBody<"model.set">): StoredModel["roles"] {
  const blankIsNull = (name: string | null | undefined) => name || null;
  return {
    mayor: blankIsNull(body.roles?.mayor),
    polecat: blankIsNull(body.roles?.polecat),
    refinery: blankIsNull(body.roles?.refinery),
  };
}

function putKey(tx: Tx, key: string, { auth }: CommandPorts): void {
  putSecret(tx, MODEL_SECRET, auth.seal(MODEL_SECRET, key), key.slice(-4));
}

export function storeModel(tx: Tx, model: StoredModel): void {
  putSetting(tx, "town", MODEL_SETTING, model);
  const row = tx.db.select({ id: town.id }).from(town).get();
  if (row) tx.touch("town", row.id);
}
