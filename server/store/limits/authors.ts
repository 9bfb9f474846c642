/** The authors that people chose: the one reader. */
import { z } from "zod";
import { eq } from "drizzle-orm";
import type { Authors } from "../../model/authorship/author.ts";
import type { Db } from "../database.ts";
import { prepared } from "../prepared.ts";
import { settings } from "../schema/town.ts";

/** Key of the settings table. */
export const AUTHOR_SETTING = "author";

const authorSchema = z.object({ name: z.string(), email: z.string() });
const rows = prepared((db) =>
  db.select().from(settings).where(eq(settings.key, AUTHOR_SETTING)).prepare(),
);

export function readAuthors(db: Db): Authors["chosen"] {
  return new Map(
    rows(db)
      .all()
      .map(({ scope, value }) => [scope, authorSchema.parse(value)]),
  );
}
