/**
 * kilo's memory of its conversations: one SQLite database in its home. It is copied and made ready inside the run's sandbox,
 * never opened by the runner.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { refuse, type Result } from "../../../protocol/error.ts";
import { SNAPSHOT_BYTES_MAX } from "../../../protocol/limits.ts";
import { execInSandbox } from "../../sandbox/exec-ports.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { AgentSpec } from "../driver.ts";
import { parseJson } from "../../../protocol/model-api/model-usage.ts";
import type { KiloClient } from "./kilo-client.ts";
import type { KiloMessages } from "./kilo-wire.ts";

export interface KiloStore {
  sandbox: Sandbox;
  owner: string;
}

/** Of the database, unpacked: many times what a conversation of a context window takes. */
const DATABASE_BYTES_MAX = 128 * 1024 * 1024;
const COPY_MS_MAX = 30_000;
const SAID_CHARS_MAX = 300;

/** What kilo keeps besides the conversation. */
const CUT_OUT: readonly string[] = [];

const keptSchema = z
  .array(
    z.object({
      sessionId: z.string().max(200),
      version: z.string().max(60),
      newestMs: z.number().nullable(),
    }),
  )
  .length(1);
/** The one conversation of a database. */
export type Kept = z.infer<typeof keptSchema>[number];

/** The database as it is now, packed. Errors: `internal`, with what stands in the way. */
export function packStore(store: KiloStore, spec: AgentSpec): Promise<Result<Uint8Array>> {
  return copy(store, spec, { op: "pack", statements: CUT_OUT });
}

/** Puts a packed database where kilo looks for it, for the tree of this run. Returns the conversation in it. */
export async function unpackStore(
  store: KiloStore,
  spec: AgentSpec,
  packed: Uint8Array,
): Promise<Result<Kept>> {
  // The path of the tree is in it, and kilo works where it was.
  const statements = [{ sql: "UPDATE session SET directory = ?", values: [spec.cwd] }];
  const ask =
    "SELECT id AS sessionId, version, (SELECT max(time_created) FROM message) AS newestMs FROM session";
  const copied = await copy(store, spec, { op: "unpack", statements, ask }, packed);
  if (!copied.ok) return copied;
  const parsed = keptSchema.safeParse(parseJson(new TextDecoder().decode(copied.value)));
  const [kept] = parsed.success ? parsed.data : [];
  if (kept === undefined) return refuse("internal", "It does not hold one conversation.");
  return { ok: true, value: kept };
}

async function copy(
  { sandbox, owner }: KiloStore,
  { runId, home, tmp, hide }: AgentSpec,
  plan: object,
  input?: Uint8Array,
): Promise<Result<Uint8Array>> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const path = join(home, ".local", "share", "kilo", "kilo.db");
  const argv = [
    ...sandbox.databaseCopy,
    JSON.stringify({ ...plan, path, bytesMax: DATABASE_BYTES_MAX }),
  ];
  const { exit, stdout, stderr } = await execInSandbox({ sandbox, owner, runId, hide }).run(argv, {
    ...{ cwd: home, readOnly: [], readWrite: [home, tmp] },
    env: sandbox.environment({ home, tmp }),
    timeoutMs: COPY_MS_MAX,
    outputBytesMax: SNAPSHOT_BYTES_MAX,
    ...(input && { stdin: input }),
  });
  if (exit.code === 0 && !exit.outputExceeded) return { ok: true, value: stdout };
  const said = exit.outputExceeded ? "it is too large" : stderr.trim().slice(-SAID_CHARS_MAX);
  return refuse("internal", `The agent's memory cannot be copied: ${said || "no answer"}.`);
}

/** The conversation goes on in this kilo; `seen` are its newest messages. Fails where this kilo is not the one to do it. */
export async function resumeSession(
  client: KiloClient,
  { sessionId, version, newestMs }: Kept,
  nowMs: number,
): Promise<Result<{ sessionId: string; seen: KiloMessages }>> {
  const health = await client.health();
  if (!health.ok) return health;
  if (health.value.version !== version)
    return refuse("unsupported", `It is of kilo ${version}, and here is ${health.value.version}.`);
  // kilo orders a conversation by its clock: what comes would stand before what was.
  if ((newestMs ?? 0) > nowMs)
    return refuse("unsupported", "This host's clock is behind that of the one it was kept on.");
  const messages = await client.messages(sessionId);
  if (!messages.ok) return messages;
  return { ok: true, value: { sessionId, seen: messages.value } };
}
