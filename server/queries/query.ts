/** The shape of a query: a synchronous reading. */
import type {
  CommandBody,
  CommandName,
  CommandValue,
  Explanation,
  Result,
} from "../../protocol/index.ts";
import type { Author } from "../model/authorship/author.ts";
import type { Plan } from "../reconcile/plan.ts";
import type { Db } from "../store/database.ts";
import type { ImageContext } from "../store/images/images.ts";
import type { Policies } from "../store/limits/policies.ts";
import type { Streams } from "../store/streams.ts";

export interface QueryPorts {
  db: Db;
  images: ImageContext;
  streams: Streams;
  now: number;
  policies: Policies;
  hostAuthor: Author | null;
  /** What the rules would do now. */
  preview: () => Plan;
  /** Why a subject is where it is; null when it is settled. */
  explain: (id: string) => Omit<Explanation, "id"> | null;
}
export type Query<N extends CommandName> = (
  ports: QueryPorts,
  body: CommandBody<N>,
) => Result<CommandValue<N>>;
