/** An issue bead for tests, with everything at rest unless said otherwise. */
import type { Issue } from "../../protocol/index.ts";

export function makeIssue(number: number, more: Partial<Issue> = {}): Issue {
  const id = `bd_${String(number).padStart(26, "0")}`;
  const at = number * 1_000;
  return {
    id,
    type: "issue",
    status: "open",
    title: `Bead ${number}`,
    rigId: `rg_${"a".repeat(26)}`,
    version: 1,
    createdBy: "person:owner",
    createdAt: at,
    updatedAt: at,
    body: "",
    convoyId: null,
    parentId: null,
    assigneeId: null,
    reviewId: null,
    runId: null,
    priority: "medium",
    labels: [],
    delivery: null,
    cycle: 1,
    round: 1,
    attempt: 0,
    workAttempts: 0,
    startFailures: 0,
    blockedBy: [],
    wait: null,
    held: false,
    archivedAt: null,
    closing: null,
    wishedAgentId: null,
    checks: [],
    landing: false,
    headOid: null,
    baseOid: null,
    landedOn: null,
    landedOid: null,
    outcome: null,
    failure: null,
    stateSince: at,
    closedAt: null,
    ...more,
  };
}
