/** The right to a rig's repository on its code host: kept by the town, given for one operation of git at a time. */
import { z } from "zod";

export const CREDENTIAL_USER_CHARS_MAX = 200;
export const CREDENTIAL_CHARS_MAX = 2_000;

/** One line each: git reads them as lines. */
const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\0\r\n]+$/, "must be one line");

/** As git takes it over HTTPS. */
export const repositoryCredentialSchema = z.strictObject({
  username: line(CREDENTIAL_USER_CHARS_MAX),
  /** A token of the code host, or a password. */
  password: line(CREDENTIAL_CHARS_MAX),
});
export type RepositoryCredential = z.infer<typeof repositoryCredentialSchema>;

/** As people see it: of the secret its end at most. */
export const shownCredentialSchema = z.object({ username: z.string(), tail: z.string() });
export type ShownCredential = z.infer<typeof shownCredentialSchema>;

/**
 * What git is to do there. `read` needs no run; `push` writes the branch of a live run; `merge` moves branches that people
 * share; `save` copies or deletes what a run has saved, which outlives the run; `purge` is for a rig that is gone for good.
 */
export const repositoryUseSchema = z.enum(["read", "push", "merge", "save", "purge"]);
export type RepositoryUse = z.infer<typeof repositoryUseSchema>;
