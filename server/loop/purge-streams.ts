/** What agents of a rig said goes with the rig, after its rows: events.db has no part in the town's transaction. */
import { eq } from "drizzle-orm";
import type { Scheduler } from "../core.ts";
import type { Db } from "../store/database.ts";
import { purgedRuns } from "../store/schema/runs.ts";
import type { Streams } from "../store/streams.ts";
import type { TownLoop } from "./town-loop.ts";

/** Runs whose streams go at once: some milliseconds of work. */
const SLICE = 20;

interface Parts {
  db: Db;
  loop: Pick<TownLoop, "onChanges">;
  streams: Pick<Streams, "drop">;
  scheduler: Scheduler;
}

/** From now on, and what the last start did not come to. */
export function purgeStreams({ db, loop, streams, scheduler }: Parts): void {
  const drop = (runIds: readonly string[]) => {
    if (runIds.length === 0) return;
    streams.drop(runIds.slice(0, SLICE));
    scheduler.soon(() => drop(runIds.slice(SLICE)));
  };
  const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id);
  const all = db.select({ id: purgedRuns.runId }).from(purgedRuns);
  drop(ids(all.all()));
  loop.onChanges((_epoch, changes) => {
    for (const { image } of changes)
      if (image.kind === "rig" && image.value === null)
        drop(
          ids(
            db
              .select({ id: purgedRuns.runId })
              .from(purgedRuns)
              .where(eq(purgedRuns.rigId, image.id))
              .all(),
          ),
        );
  });
}
