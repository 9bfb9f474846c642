/** One write transaction: what it may use, and what it has touched. */
import type { ImageKind } from "../../protocol/index.ts";
import type { Policy } from "../model/policy.ts";
import type { Db } from "./database.ts";
import type { Policies } from "./limits/policies.ts";
import type { NewId } from "./id-source.ts";

export interface Tx {
  readonly db: Db;
  readonly now: number;
  readonly epoch: number;
  /** The town's, as it is set. */
  readonly policy: Policy;
  readonly policies: Policies;
  readonly newId: NewId;
  /** Who acts: "person:owner", "run:<id>", "town". */
  actor: string;
  /** The rule that acts, when one does. */
  rule: string | null;
  /** Images made in this tick that are still true, by kind and id: an answer and the feed show the same. */
  readonly images: Map<string, object | null>;
  /** Marks an entity whose image, or absence, goes into the change feed with this commit. */
  touch(kind: ImageKind, id: string): void;
}
