/** What holds the town back, as the rules and the page see it. */
import { and, desc, eq, gt } from "drizzle-orm";
import type { TownLimits } from "../../../protocol/index.ts";
import { usedUp } from "../../model/budget.ts";
import type { BreakerView } from "../../model/breaker.ts";
import type { Policy } from "../../model/policy.ts";
import type { Snapshot } from "../../reconcile/snapshot.ts";
import type { Db } from "../database.ts";
import { given, prepared } from "../prepared.ts";
import { daySubject, readDay } from "./costs.ts";
import { breaker, pauses, providers, startFailures } from "../schema/limits.ts";
import { runs } from "../schema/runs.ts";

/** Failures to start that are looked at. */
const RECENT_MAX = 200;

const pauseRows = prepared((db) => db.select().from(pauses).prepare());
const providerRows = prepared((db) => db.select().from(providers).prepare());
const breakerRow = prepared((db) => db.select().from(breaker).limit(1).prepare());
const recentRows = prepared((db) =>
  db
    .select({ beadId: startFailures.beadId, at: startFailures.at })
    .from(startFailures)
    .where(gt(startFailures.at, given("after")))
    .orderBy(desc(startFailures.at))
    .limit(RECENT_MAX)
    .prepare(),
);
const probeRow = prepared((db) =>
  db
    .select({ state: runs.state, progressAt: runs.progressAt })
    .from(runs)
    .where(and(eq(runs.id, given("id"))))
    .prepare(),
);

export type Limits = Pick<Snapshot, "pauses" | "providers" | "breaker" | "day" | "daySubject">;

export function readLimits(db: Db, now: number, policy: Policy): Limits {
  return {
    pauses: new Map(
      pauseRows(db)
        .all()
        .map((row) => [row.subject, row]),
    ),
    providers: new Map(
      providerRows(db)
        .all()
        .map((row) => [row.lane, row]),
    ),
    breaker: readBreaker(db, now, policy),
    day: readDay(db, now, policy),
    daySubject: daySubject(now),
  };
}

function readBreaker(db: Db, now: number, policy: Policy): BreakerView {
  const row = breakerRow(db).get();
  if (!row) throw new Error("the town has no breaker");
  const { probeRunId, resetAt, ...rest } = row;
  const after = Math.max(now - policy.breakerWindowMs, resetAt);
  const probe = probeRunId === null ? undefined : probeRow(db).get({ id: probeRunId });
  return { ...rest, recent: recentRows(db).all({ after }), probe: standing(probe) };
}

function standing(
  probe: { state: string; progressAt: number | null } | undefined,
): BreakerView["probe"] {
  if (!probe) return "none";
  if (probe.progressAt !== null) return "moved";
  return probe.state === "ended" ? "none" : "live";
}

/** What holds the town back, as it is shown. */
export function limitsImage(db: Db, now: number, policy: Policy): TownLimits {
  const held = new Map(
    pauseRows(db)
      .all()
      .map((row) => [row.subject, row]),
  );
  const lanes = providerRows(db).all();
  const provider = lanes.find(({ lane }) => lane === "agents") ?? lanes[0];
  const row = breakerRow(db).get();
  const town = held.get("town");
  const day = readDay(db, now, policy);
  return {
    day: {
      spentUsd: day.microUsd / 1e6,
      limitUsd: day.limit.microUsd ? day.limit.microUsd / 1e6 : null,
      usedUp: usedUp(day),
    },
    pause: town ? { kind: town.kind, by: town.by, reason: town.reason, at: town.at } : null,
    paused: [...held.keys()].filter((subject) => subject !== "town"),
    provider: provider
      ? {
          state: provider.state,
          since: provider.since,
          untilAt: provider.untilAt,
          message: provider.message,
        }
      : null,
    breaker: {
      state: row?.state ?? "closed",
      since: row?.since ?? 0,
      untilAt: row?.untilAt ?? null,
      reason: row?.reason ?? null,
    },
  };
}
