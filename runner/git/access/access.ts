/** The right to a rig's repository, as one operation of git is given it: for what, and for which run. */
import type { Fence } from "../../../protocol/run.ts";
import type { RepositoryUse } from "../../../protocol/entities/repository-access.ts";
import type { Outcome } from "../outcome.ts";

/** One user name and secret for one operation on one remote. Held in memory only. */
export type Credential = { readonly username: string; readonly password: string };

/** The run for which something is done. */
export type Holder = { readonly runId: string; readonly fence: Fence };

export type Access = {
  readonly rigId: string;
  readonly use: RepositoryUse;
  readonly run: Holder | null;
};

/** Null: the rig has no credential, and git goes with what its host gives it. */
export type AskAccess = (
  access: Access,
  url: string,
) => Promise<Outcome<{ credential: Credential | null }>>;

/** Only such a remote is spoken to with a user name and a password. */
export function isHttp(url: string): boolean {
  return /^https?:\/\//i.test(url);
}
