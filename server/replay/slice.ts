/** A slice: what a town was given from one of its starts on, in order, with the data that it began with. */
import { z } from "zod";
import { ok, refuse, runnerRightsSchema, type Result } from "../../protocol/index.ts";

/** Raised when older slices cannot be replayed any more. */
const FORMAT = 1;
/** Unpacked. */
export const SLICE_BYTES_MAX = 256 * 1024 * 1024;

const place = { at: z.number().int(), mono: z.number().int() };
const runner = { runnerId: z.string() };

/** One thing that happened to the town, by itself: time stands still in it, and nothing else comes between. */
export const entrySchema = z.discriminatedUnion("in", [
  /** A registered piece of work runs: the n-th of the town's scheduler. */
  z.strictObject({ in: z.literal("run"), ...place, n: z.number().int() }),
  z.strictObject({
    in: z.literal("call"),
    ...place,
    name: z.string(),
    body: z.unknown(),
    caller: z.strictObject({ principal: z.enum(["owner", "runner"]), actor: z.string() }),
    key: z.string().optional(),
  }),
  z.strictObject({
    in: z.literal("hello"),
    ...place,
    frame: z.unknown(),
    tokenId: z.string(),
    rights: runnerRightsSchema,
  }),
  z.strictObject({ in: z.literal("facts"), ...place, ...runner, batch: z.unknown() }),
  z.strictObject({ in: z.literal("heartbeat"), ...place, ...runner, frame: z.unknown() }),
  z.strictObject({ in: z.literal("tool"), ...place, ...runner, frame: z.unknown() }),
  z.strictObject({ in: z.literal("leaving"), ...place, ...runner, connection: z.number().int() }),
  z.strictObject({ in: z.literal("snapshot_keep"), ...place, ...runner, frame: z.unknown() }),
  z.strictObject({ in: z.literal("gone"), ...place, ...runner, connection: z.number().int() }),
  z.strictObject({ in: z.literal("revoked"), ...place, tokenId: z.string() }),
  z.strictObject({ in: z.literal("joined_twice"), ...place, tokenId: z.string() }),
  z.strictObject({ in: z.literal("model_used"), ...place, runId: z.string(), use: z.unknown() }),
  /** Without its words. */
  z.strictObject({
    in: z.literal("audit"),
    ...place,
    actor: z.string(),
    command: z.string(),
    subject: z.string(),
  }),
  /** A runner answered the n-th question of the executor. */
  z.strictObject({ in: z.literal("answer"), ...place, n: z.number().int(), ack: z.unknown() }),
  z.strictObject({ in: z.literal("threw"), ...place, n: z.number().int(), error: z.string() }),
  /** What the town's change feed has come to. */
  z.strictObject({ in: z.literal("state"), hash: z.string() }),
]);
export type Entry = z.infer<typeof entrySchema>;

export const headerSchema = z.strictObject({
  format: z.literal(FORMAT),
  appVersion: z.string(),
  ...place,
  /** Of the town's own chance. */
  seed: z.number().int(),
  demo: z.boolean(),
  policy: z.record(z.string(), z.number()),
  scriptedModel: z.strictObject({ baseUrl: z.string(), model: z.string() }).nullable(),
  author: z.strictObject({ name: z.string(), email: z.string() }).nullable(),
  /** town.db at that start, in base64; null: there was none. */
  base: z.string().nullable(),
});
export type Header = z.infer<typeof headerSchema>;

export interface Slice {
  header: Header;
  entries: Entry[];
}

export function newHeader(header: Omit<Header, "format">): Header {
  return { format: FORMAT, ...header };
}

/** Errors: invalid_body for what is no slice or is broken, protocol_version for one of another version. */
export function parseSlice(text: string, appVersion: string): Result<Slice> {
  const [first = "", ...lines] = text.split("\n");
  const head = parseLine(first);
  const format = z.looseObject({ format: z.number(), appVersion: z.string() }).safeParse(head);
  if (!format.success)
    return refuse("invalid_body", "this is no slice of a town: its first line is not a header.");
  if (format.data.format !== FORMAT || format.data.appVersion !== appVersion)
    return refuse(
      "protocol_version",
      `this slice was recorded by gastown ${format.data.appVersion}; this is ${appVersion}. Replay it with that version.`,
    );
  const header = headerSchema.safeParse(head);
  if (!header.success)
    return refuse("invalid_body", "the header of this slice is broken: export it again.");
  if (lines.at(-1) !== "")
    return refuse("invalid_body", "this slice ends within a line: export it again.");
  const entries: Entry[] = [];
  for (const [n, line] of lines.slice(0, -1).entries()) {
    const entry = entrySchema.safeParse(parseLine(line));
    if (!entry.success)
      return refuse("invalid_body", `line ${n + 2} of this slice is broken: export it again.`);
    entries.push(entry.data);
  }
  return ok({ header: header.data, entries });
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // The schema refuses it.
    return undefined;
  }
}
