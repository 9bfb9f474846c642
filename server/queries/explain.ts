/** Answers "why is this not moving?": from the rules' own predicates while it is open, from its end when it is settled. */
import { ok, type Explanation, type Issue, type Result } from "../../protocol/index.ts";
import type { Db } from "../store/database.ts";
import { convoyImage, issueImage, reviewImage, runImage } from "../store/images/images.ts";
import { findBead, findRig, findRun } from "../store/refs.ts";
import type { QueryPorts } from "./query.ts";

export function explainBead(ports: QueryPorts, ref: string): Result<Explanation> {
  const bead = findBead(ports.db, ref, ["issue"], "bead");
  return bead.ok ? answer(ports, bead.value.id, issueEnd) : bead;
}

export function explainReview(ports: QueryPorts, ref: string): Result<Explanation> {
  const review = findBead(ports.db, ref, ["merge_request"], "review");
  return review.ok ? answer(ports, review.value.id, reviewEnd) : review;
}

export function explainConvoy(ports: QueryPorts, ref: string): Result<Explanation> {
  const convoy = findBead(ports.db, ref, ["convoy"], "convoy");
  return convoy.ok ? answer(ports, convoy.value.id, convoyEnd) : convoy;
}

export function explainRun(ports: QueryPorts, ref: string): Result<Explanation> {
  const run = findRun(ports.db, ref);
  return run.ok ? answer(ports, run.value.id, runEnd) : run;
}

export function explainRig(ports: QueryPorts, ref: string): Result<Explanation> {
  const rig = findRig(ports.db, ref);
  return rig.ok ? answer(ports, rig.value.id, () => settled("It is gone.")) : rig;
}

type End = Omit<Explanation, "id">;

function answer(
  { db, explain }: QueryPorts,
  id: string,
  end: (db: Db, id: string) => End,
): Result<Explanation> {
  return ok({ id, ...(explain(id) ?? end(db, id)) });
}

function issueEnd(db: Db, id: string): End {
  const issue = issueImage(db, id);
  if (issue?.status === "failed") {
    return {
      text: `It has failed: ${issue.failure?.message ?? "no reason was kept"}.`,
      reasons: [],
      can: [
        { text: "Try it again", command: "bead.reopen", body: { bead: id } },
        { text: "Close it", command: "bead.close", body: { bead: id, outcome: "cancelled" } },
        ...goOnWithout(db, issue),
      ],
    };
  }
  const where = issue?.landedOn ? ` on ${issue.landedOn}` : "";
  return settled(`It is closed: ${(issue?.outcome ?? "gone").replaceAll("_", " ")}${where}.`);
}

/** A convoy that goes on asks what becomes of a failed bead. */
function goOnWithout(db: Db, { id, convoyId, landing }: Issue): End["can"] {
  const convoy = convoyId === null || landing ? null : convoyImage(db, convoyId);
  if (convoy?.state !== "active") return [];
  const body = (choice: string) => ({ convoy: convoy.id, bead: id, choice });
  return [
    { text: "Take it out of its convoy", command: "convoy.decide", body: body("drop") },
    {
      text: "Land the convoy without it and what waits for it",
      command: "convoy.decide",
      body: body("land_without"),
    },
  ];
}

function reviewEnd(db: Db, id: string): End {
  const review = reviewImage(db, id);
  const proof = review?.proof;
  return settled(
    proof
      ? `It is merged on ${proof.ref} as ${proof.mergeOid.slice(0, 10)}.`
      : "It was withdrawn: its bead went another way.",
  );
}

function convoyEnd(db: Db, id: string): End {
  const convoy = convoyImage(db, id);
  const why = convoy?.failure ? `: ${convoy.failure.message}` : "";
  if (convoy?.state === "staged")
    return {
      text: "It is staged: nothing of it is dispatched before it is started.",
      reasons: [],
      can: [{ text: "Start it", command: "convoy.start", body: { convoy: id } }],
    };
  return settled(`It is ${convoy?.state ?? "gone"}${why}.`);
}

function runEnd(db: Db, id: string): End {
  const run = runImage(db, id);
  const why = run?.reason ? `: ${run.reason.message}` : "";
  return settled(`It ended as ${run?.outcome ?? "unknown"}${why}.`);
}

function settled(text: string): End {
  return { text, reasons: [], can: [] };
}
