/** A commit of a bead's work, as its runner read it when the work was handed in. */
import { z } from "zod";
import { oidSchema, runIdSchema } from "../ids.ts";
import { timestampSchema } from "../time.ts";

/** Commits that a fact of finished work tells, the newest first; what is older is in the repository. */
export const COMMITS_TOLD_MAX = 50;
const NAME_CHARS_MAX = 200;
const SUBJECT_CHARS_MAX = 300;

export const commitLineSchema = z.object({
  oid: oidSchema,
  subject: z.string().max(SUBJECT_CHARS_MAX),
  author: z.string().max(NAME_CHARS_MAX),
  committer: z.string().max(NAME_CHARS_MAX),
  at: timestampSchema,
});
export type CommitLine = z.infer<typeof commitLineSchema>;

/** One of a bead's commits, as people see it. */
export const beadCommitSchema = commitLineSchema.extend({
  runId: runIdSchema,
  /** Where the code host shows it; null where nothing was pushed, or the host is not known. */
  page: z.url().nullable(),
});
export type BeadCommit = z.infer<typeof beadCommitSchema>;

/** The line as it fits the wire: names and subjects are an agent's words, of any length. */
export function fitCommit(line: CommitLine): CommitLine {
  const { subject, author, committer } = line;
  return {
    ...line,
    subject: subject.slice(0, SUBJECT_CHARS_MAX),
    author: author.slice(0, NAME_CHARS_MAX),
    committer: committer.slice(0, NAME_CHARS_MAX),
  };
}
