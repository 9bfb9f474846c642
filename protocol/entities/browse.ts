/** Looking into a rig's repository at any ref, without a checkout: folders, files, history. */
import { z } from "zod";
import { oidSchema } from "../ids.ts";
import { timestampSchema } from "../time.ts";

export const BROWSE_ENTRIES_MAX = 1_000;
export const BROWSE_FILE_BYTES_MAX = 60_000;
/** Beyond this a file is read on a host, not through a town. */
export const BROWSE_OFFSET_MAX = 8_000_000;
export const BROWSE_COMMITS_MAX = 100;

/** What is looked at. */
export const browseWishSchema = z.object({
  /** A branch or a commit; null: the rig's target. */
  ref: z.string().trim().min(1).max(250).nullable(),
  /** Below the top of the repository; empty: the top. */
  path: z.string().max(1_000),
  /** Of a file: the byte to begin at. */
  offset: z.number().int().min(0).max(BROWSE_OFFSET_MAX),
  /** Of a file: at most so many bytes. */
  bytes: z.number().int().min(1).max(BROWSE_FILE_BYTES_MAX),
  /** Commits instead of what is there; 0: none. */
  commits: z.number().int().min(0).max(BROWSE_COMMITS_MAX),
  /** The repository is asked first; otherwise only where what is known does not do. */
  fetch: z.boolean(),
});
export type BrowseWish = z.infer<typeof browseWishSchema>;

const at = { ref: z.string(), oid: oidSchema, path: z.string() };

export const browsedSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("folder"),
    ...at,
    entries: z.array(
      z.object({
        name: z.string(),
        kind: z.enum(["folder", "file", "link", "submodule"]),
        bytes: z.number().int().nullable(),
      }),
    ),
    /** More than are listed. */
    isCut: z.boolean(),
  }),
  z.object({
    kind: z.literal("file"),
    ...at,
    bytes: z.number().int(),
    isBinary: z.boolean(),
    /** Empty for a binary file. */
    text: z.string(),
    /** The byte at which the rest begins; null: there is none. */
    next: z.number().int().nullable(),
  }),
  z.object({
    kind: z.literal("log"),
    ...at,
    commits: z.array(
      z.object({
        oid: oidSchema,
        subject: z.string(),
        author: z.string(),
        at: timestampSchema,
      }),
    ),
    isCut: z.boolean(),
  }),
]);
export type Browsed = z.infer<typeof browsedSchema>;
