/** The one reader of settings: model provider, address, models, and the key's state. */
import { and, eq } from "drizzle-orm";
import { z } from "zod";
import {
  modelPricesSchema,
  ok,
  refuse,
  repositoryCredentialSchema,
  type ModelSettings,
  type RepositoryAccess,
  type Result,
  type RigSecrets,
  type Role,
} from "../../protocol/index.ts";
import type { Db } from "./database.ts";
import { given, prepared } from "./prepared.ts";
import { rigs } from "./schema/runs.ts";
import { secrets, settings } from "./schema/town.ts";
import { rowAt } from "./rows.ts";

/** Opens a sealed secret; null when the key is not there or does not fit. */
export type SecretReader = (rowId: string, sealed: string) => string | null;

/** Where a secret of a rig lies, sealed for this id. */
export function rigSecretId(rigId: string, name: string): string {
  return `secret:rig:${rigId}:${name}`;
}

/** Where the credential of a rig's repository lies. */
export function credentialId(rigId: string): string {
  return `secret:repository:${rigId}`;
}

export const MODEL_SETTING = "model";
export const MODEL_SECRET = "secret:model";

export const storedModelSchema = z.object({
  provider: z.enum(["kilo", "openai-compatible", "scripted"]),
  baseUrl: z.string(),
  model: z.string(),
  smallModel: z.string(),
  fallbackModel: z.string().nullable().default(null),
  prices: modelPricesSchema.default({}),
  roles: z.object({
    mayor: z.string().nullable(),
    polecat: z.string().nullable(),
    refinery: z.string().nullable(),
    triage: z.string().nullable().default(null),
  }),
});
export type StoredModel = z.infer<typeof storedModelSchema>;

export function readSetting(db: Db, scope: string, key: string): unknown {
  return settingRow(db).get({ scope, key })?.value;
}
const settingRow = prepared((db) =>
  db
    .select({ value: settings.value })
    .from(settings)
    .where(and(eq(settings.scope, given("scope")), eq(settings.key, given("key"))))
    .prepare(),
);

export function readStoredModel(db: Db): StoredModel | null {
  const value = readSetting(db, "town", MODEL_SETTING);
  return value === undefined ? null : storedModelSchema.parse(value);
}

export function readModelKey(
  db: Db,
  open: SecretReader,
): { key: string | null; set: boolean; tail: string | null } {
  const row = rowAt(db, secrets, MODEL_SECRET);
  if (!row) return { key: null, set: false, tail: null };
  return { key: open(row.id, row.sealed), set: true, tail: row.tail };
}

/** What a rig keeps secret, by variable. Error: `secret_unreadable` when one cannot be opened any more. */
export function readRigSecrets(db: Db, rigId: string, open: SecretReader): Result<RigSecrets> {
  const rig = rowAt(db, rigs, rigId);
  const values: Record<string, string> = {};
  for (const { name } of rig?.environment.secrets ?? []) {
    const row = rowAt(db, secrets, rigSecretId(rigId, name));
    const value = row ? open(row.id, row.sealed) : null;
    if (value === null)
      return refuse(
        "secret_unreadable",
        `the rig's secret ${name} can no longer be read: set it again with \`gastown rig secret\`.`,
      );
    values[name] = value;
  }
  return ok({ values });
}

/** The credential of a rig's repository, if it has one. Error: `secret_unreadable`. */
export function readCredential(
  db: Db,
  rigId: string,
  open: SecretReader,
): Result<RepositoryAccess> {
  const row = rowAt(db, secrets, credentialId(rigId));
  if (!row) return ok({ credential: null });
  const text = open(row.id, row.sealed);
  if (text === null)
    return refuse(
      "secret_unreadable",
      "the credential of the rig's repository can no longer be read: set it again with `gastown rig credential`.",
    );
  return ok({ credential: repositoryCredentialSchema.parse(JSON.parse(text)) });
}

/** The settings as people see them: the key only as {set, tail}. */
export function readModelSettings(
  db: Db,
  open: SecretReader,
  stored = readStoredModel(db),
): ModelSettings | null {
  if (!stored) return null;
  const { key, set, tail } = readModelKey(db, open);
  return { ...stored, key: { set, tail, readable: !set || key !== null } };
}

/** What keeps agents from being dispatched, in plain words, or null. */
export function missingModel(model: ModelSettings | null): string | null {
  if (!model) return "no model is set up: choose one in Settings";
  if (!model.key.readable)
    return "the model's key can no longer be read: enter it again in Settings";
  if (model.provider === "kilo" && !model.key.set)
    return "the Kilo gateway needs a key: enter it in Settings";
  return null;
}

export function modelFor(model: StoredModel, role: Role): string {
  return model.roles[role] ?? model.model;
}
