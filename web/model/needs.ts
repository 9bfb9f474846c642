/** What needs a person, most urgent first. One row per matter: an escalation stands for its subject. Pure. */
import type {
  Convoy,
  Escalation,
  Issue,
  Question,
  Review,
  Rig,
  Runner,
  Town,
} from "../../protocol/index.ts";

export type Need =
  | { kind: "model"; key: string; title: string; why: string }
  | { kind: "isolation"; key: string; rig: Rig }
  | { kind: "escalation"; key: string; escalation: Escalation }
  | { kind: "question"; key: string; question: Question }
  | { kind: "review"; key: string; review: Review }
  | { kind: "rig"; key: string; rig: Rig }
  | { kind: "bead"; key: string; issue: Issue }
  | { kind: "convoy"; key: string; convoy: Convoy };

export interface NeedSources {
  town: Town | undefined;
  rigs: readonly Rig[];
  runners: readonly Runner[];
  escalations: readonly Escalation[];
  questions: readonly Question[];
  reviews: readonly Review[];
  issues: readonly Issue[];
  convoys: readonly Convoy[];
}

const severityRank = { critical: 0, high: 1, medium: 2, low: 3 } as const;

export function needsOf(from: NeedSources): Need[] {
  const { town } = from;
  const open = from.escalations
    .filter((escalation) => escalation.resolvedAt === null && escalation.target === "person")
    .sort(
      (a, b) => severityRank[a.severity] - severityRank[b.severity] || a.createdAt - b.createdAt,
    );
  const told = new Set(open.map((escalation) => escalation.subjectId));
  const bare = from.runners.some(
    (runner) => runner.isolation === "none" && runner.state !== "lost",
  );
  const needs: Need[] = [];
  if (town) needs.push(...modelNeeds(town));
  for (const rig of from.rigs) {
    if (bare && !rig.isolationConfirmed)
      needs.push({ kind: "isolation", key: `isolation:${rig.id}`, rig });
  }
  for (const escalation of open) needs.push({ kind: "escalation", key: escalation.id, escalation });
  const asked = from.questions
    .filter((question) => question.state === "open")
    .sort((a, b) => a.deadlineAt - b.deadlineAt);
  for (const question of asked) needs.push({ kind: "question", key: question.id, question });
  for (const review of from.reviews) {
    if (review.state !== "needs_person" || told.has(review.id) || told.has(review.subjectId))
      continue;
    needs.push({ kind: "review", key: review.id, review });
  }
  for (const rig of from.rigs) {
    if (rig.state === "parked" && !told.has(rig.id)) needs.push({ kind: "rig", key: rig.id, rig });
  }
  const failed = from.issues.filter((issue) => issue.status === "failed" && !told.has(issue.id));
  for (const issue of failed) needs.push({ kind: "bead", key: issue.id, issue });
  const explained = new Set(
    [...failed, ...from.issues.filter((issue) => told.has(issue.id))].map(
      (issue) => issue.convoyId,
    ),
  );
  for (const convoy of from.convoys) {
    if (convoy.state !== "failed" || told.has(convoy.id) || explained.has(convoy.id)) continue;
    needs.push({ kind: "convoy", key: convoy.id, convoy });
  }
  return needs;
}

function modelNeeds(town: Town): Need[] {
  if (town.model === null) {
    return [
      {
        kind: "model",
        key: "model",
        title: "No model is set up",
        why: "No model key: nothing is dispatched. Choose a provider and a key.",
      },
    ];
  }
  if (town.model.key.set && !town.model.key.readable) {
    return [
      {
        kind: "model",
        key: "model",
        title: "The model key cannot be read",
        why: "The key that encrypts it is missing. Enter the model key again.",
      },
    ];
  }
  return [];
}
