/** What a smoke has come to, for people and for programs. */
import type { Issue, Run, Town, UsageTotals } from "../../protocol/index.ts";
import { REPROMPT_WITHOUT_RESULT } from "../../runner/agents/prompts/role-prompt.ts";
import type { TownCore } from "../../server/core.ts";
import { printJson, printLine } from "../output.ts";
import { imagesOf } from "../up/once.ts";

/** What is asked for. */
export const BEADS_WISHED = 2;

export interface SmokeReport {
  event: "smoke";
  ok: boolean;
  /** What went wrong, or what a person has to mend; null when all is well. */
  reason: string | null;
  model: string;
  beads: number;
  landed: number;
  runs: number;
  usage: UsageTotals;
  /** How often an agent had to be asked again for its result. */
  reprompts: number;
  seconds: number;
}

const AGAIN = Object.values(REPROMPT_WITHOUT_RESULT);

/** `reason`: why it ended, when not because everything was done. */
export function reportOf(
  core: TownCore,
  town: Town,
  { reason, model, seconds }: { reason: string | null; model: string; seconds: number },
): SmokeReport {
  const issues = imagesOf(core, "board", "issue");
  const runs = issues.flatMap(({ id }) => imagesOf(core, `bead:${id}`, "run"));
  const landed = issues.filter(({ outcome }) => outcome === "landed").length;
  const why = reason ?? tooFew(issues, landed);
  return {
    event: "smoke",
    ok: why === null,
    reason: why,
    model,
    beads: issues.length,
    landed,
    runs: runs.length,
    usage: town.usage,
    reprompts: runs.reduce((sum, run) => sum + repromptsOf(core, run), 0),
    seconds: Math.round(seconds),
  };
}

function tooFew(issues: readonly Issue[], landed: number): string | null {
  if (landed >= BEADS_WISHED) return null;
  return `${landed} of ${issues.length} beads landed; ${BEADS_WISHED} were asked for.`;
}

function repromptsOf(core: TownCore, run: Run): number {
  let count = 0;
  for (let seq = 0; ;) {
    const events = core.streamSince(run.id, seq);
    const last = events.at(-1);
    if (last === undefined) return count;
    seq = last.seq;
    for (const { body } of events)
      if (body.kind === "prompt" && AGAIN.some((text) => body.text.startsWith(text))) count++;
  }
}

export function printReport(report: SmokeReport, json: boolean): void {
  if (json) return printJson(report);
  const { ok, reason, usage, seconds } = report;
  printLine(
    ok ? `${report.landed} beads landed in ${seconds} s.` : `After ${seconds} s: ${reason ?? ""}`,
  );
  printLine(`Model       ${report.model}`);
  printLine(`Beads       ${report.landed} of ${report.beads} landed, by ${report.runs} runs`);
  printLine(`Calls       ${usage.calls}`);
  printLine(
    `Tokens      ${usage.inputTokens} in, ${usage.outputTokens} out, ${usage.reasoningTokens} reasoning, ${usage.cacheReadTokens} cache read, ${usage.cacheWriteTokens} cache write`,
  );
  printLine(`Cost        ${costOf(usage)}`);
  printLine(`Re-prompts  ${report.reprompts}`);
}

function costOf({ calls, costUsd, unpricedCalls }: UsageTotals): string {
  if (calls > 0 && unpricedCalls === calls)
    return "not known: the endpoint names none; --price gives one";
  const more = unpricedCalls === 0 ? "" : `, without ${unpricedCalls} calls that have no price`;
  return `$${costUsd.toFixed(4)}${more}`;
}
