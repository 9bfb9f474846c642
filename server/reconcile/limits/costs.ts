/** Which limit of spending holds something back. */
import { nearEnd, usedUp, type Cost, type Limit } from "../../model/budget.ts";
import type { Context } from "../context.ts";
import { policyOf } from "../policy-of.ts";
import type { IssueView, RunView, Snapshot, Spent } from "../snapshot.ts";

const NONE: Limit = { microUsd: null, tokens: null };

function beadCost(issue: IssueView, s: Snapshot): Cost {
  const { beadMicroUsdMax: microUsd, beadTokensMax: tokens } = policyOf(s, issue.rigId);
  return costOf(issue.spent, { microUsd, tokens });
}

function costOf(spent: Spent, standard: Limit): Cost {
  return { ...spent, limit: spent.own ?? standard };
}

/** Why nothing more may be spent on the bead, or null. */
export function beadOverspent(issue: IssueView, s: Snapshot): string | null {
  const own = usedUp(beadCost(issue, s));
  if (own) return `parked: the budget of this bead is used up, ${own}. Raise it to go on`;
  const convoy = issue.convoySpent && usedUp(costOf(issue.convoySpent, NONE));
  return convoy
    ? `parked: the budget of its convoy is used up, ${convoy}. Raise it to go on`
    : null;
}

/** A limit that is reached, where a person would raise it. */
export interface Overspent {
  scope: "bead" | "convoy" | "day";
  /** The bead or convoy. */
  of: string | null;
  cost: Cost;
}

/** Every limit that holds the bead back. */
export function overspentOf(issue: IssueView, s: Snapshot): Overspent[] {
  const all: Overspent[] = [
    { scope: "bead", of: issue.id, cost: beadCost(issue, s) },
    { scope: "day", of: null, cost: s.day },
  ];
  if (issue.convoyId !== null && issue.convoySpent)
    all.push({ scope: "convoy", of: issue.convoyId, cost: costOf(issue.convoySpent, NONE) });
  return all.filter(({ cost }) => usedUp(cost) !== null);
}

export function dayOverspent({ day }: Snapshot): string | null {
  const spent = usedUp(day);
  return spent === null ? null : `the budget of this day is used up: ${spent}`;
}

/** Why this run may spend no more. Its own limit makes it a try of its bead; the others are not its fault. */
export function runOverspent(
  run: RunView,
  { s, issues }: Context,
): { code: "run_budget" | "budget"; text: string } | null {
  // It asks no model.
  if (run.handed) return null;
  const { runMicroUsdMax: microUsd, runTokensMax: tokens } = policyOf(s, run.rigId);
  const own = run.kind === "session" ? null : usedUp(costOf(run.spent, { microUsd, tokens }));
  if (own) return { code: "run_budget", text: `the budget of a run is used up: ${own}` };
  const issue = run.beadId === null ? undefined : issues.get(run.beadId);
  const text = dayOverspent(s) ?? (issue ? beadOverspent(issue, s) : null);
  return text === null ? null : { code: "budget", text };
}

export interface Warning {
  /** Of the spending that is near its limit. */
  subject: string;
  what: string;
  text: string;
}

/** The first limit that this run brings near its end and of which nobody was told. */
export function nextWarning(run: RunView, { s, issues }: Context): Warning | null {
  const issue = run.beadId === null ? undefined : issues.get(run.beadId);
  const costs: [string, string, Cost | null][] = [
    [s.daySubject, "this day", s.day],
    [issue?.id ?? "", "a bead", issue ? beadCost(issue, s) : null],
    [
      issue?.convoyId ?? "",
      "a convoy",
      issue?.convoySpent ? costOf(issue.convoySpent, NONE) : null,
    ],
  ];
  for (const [subject, what, cost] of costs) {
    const text = cost === null || cost.warned ? null : nearEnd(cost);
    if (text !== null) return { subject, what, text };
  }
  return null;
}
