import { backOffMs } from "../../../model/backoff.ts";
import type { FactOf } from "../../../../protocol/index.ts";
import type { Rule } from "../../context.ts";
import type { Step } from "../../plan.ts";
import type { RunView } from "../../snapshot.ts";
import { returnForRework } from "./return-for-rework.ts";

/** Red gates go back with their output; gates that could not be run are tried again, nobody blamed. */
export const settleCheck: Rule<RunView> = {
  id: "review/settle-check",
  why: "the gates have been run on the work merged with its target",
  decide(run, context): Step | null {
    const review = run.reviewId ? context.reviews.get(run.reviewId) : undefined;
    if (!review || review.state !== "checking") return null;
    const result = run.result?.kind === "checked" ? run.result : null;
    const expect = [
      { table: "run", id: run.id, state: "ended" },
      { table: "review", id: review.id, state: "checking" },
    ] as const;
    if (result === null || result.green === null || result.headOid !== review.headOid) {
      return {
        rule: this.id,
        key: review.id,
        expect,
        actions: [
          { do: "settle_run", runId: run.id },
          {
            do: "move_review",
            reviewId: review.id,
            event: "check_impossible",
            runId: null,
            text: `the gates could not be run: ${result?.reason?.message ?? run.reason?.message ?? "the run was lost"}`,
          },
          {
            do: "retry_review",
            reviewId: review.id,
            backOffUntil: context.s.now + backOffMs(review.tries + 1, review.id, context.s.policy),
          },
        ],
      };
    }
    if (result.green) {
      return {
        rule: this.id,
        key: review.id,
        expect,
        actions: [
          { do: "settle_run", runId: run.id },
          { do: "record_round", reviewId: review.id, gates: result.gates },
          {
            do: "move_review",
            reviewId: review.id,
            event: "check_green",
            runId: null,
            text: "the gates are green",
          },
        ],
      };
    }
    const feedback = redFeedback(result);
    return {
      rule: this.id,
      key: review.id,
      expect,
      actions: [
        { do: "settle_run", runId: run.id },
        { do: "record_round", reviewId: review.id, gates: result.gates, feedback },
        {
          do: "move_review",
          reviewId: review.id,
          event: "check_red",
          runId: null,
          text: `returned: ${redTitle(result)}`,
        },
        ...returnForRework(review, redTitle(result)),
      ],
    };
  },
};

type Checked = Pick<FactOf<"checked">, "gates" | "conflicts">;

/** One line that says what is wrong. */
export function redTitle(result: Checked): string {
  if (result.conflicts.length > 0)
    return `it conflicts with the target in ${result.conflicts.join(", ")}`.slice(0, 300);
  const red = result.gates.filter((gate) => !gate.ok).map((gate) => gate.name);
  return `${red.join(", ")} ${red.length === 1 ? "is" : "are"} red`;
}

/** What the author is told: the conflicting files or the end of each red gate's output. */
export function redFeedback(result: Checked): string {
  const parts: string[] = [];
  if (result.conflicts.length > 0) {
    parts.push(
      `Merging with the target conflicts in:\n${result.conflicts.map((file) => `- ${file}`).join("\n")}`,
    );
  }
  for (const gate of result.gates.filter((each) => !each.ok)) {
    const how = gate.timedOut ? "ran out of time" : `ended with code ${gate.code ?? "none"}`;
    parts.push(`Gate ${gate.name} (${gate.command}) ${how}:\n${gate.log.slice(-6_000)}`);
  }
  return parts.join("\n\n").slice(0, 20_000);
}
