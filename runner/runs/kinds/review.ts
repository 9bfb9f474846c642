/** Review: a refinery reads a finished change in a tree it cannot write, and gives a verdict. */
import { z } from "zod";
import type { FactOf } from "../../../protocol/facts.ts";
import { verdictSchema } from "../../../protocol/review.ts";
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import { DIFF_IN_BRIEFING_CHARS_MAX, firstMessage } from "../../agents/briefing.ts";
import type { ToolAnswer } from "../../agents/mcp.ts";
import { REPROMPT_WITHOUT_RESULT } from "../../agents/prompts/role-prompt.ts";
import { STOP_GRACE_MS } from "../../config.ts";
import { AgentHost } from "../agent/agent-host.ts";
import { runTurns, stoppedEnding } from "../agent/agent-turns.ts";
import { repositoryCode } from "./baseline.ts";
import type { Contents } from "../../git/lfs/contents.ts";
import { lfsBriefing } from "../lfs.ts";
import { cutEnd } from "../cut-text.ts";
import { GATES_FAILED, type GatePlace } from "../gates.ts";
import { ending, type Ending, type LiveRun } from "../live-run.ts";
import type { FetchedRig } from "../../works/rig-desk.ts";
import { Scratch } from "../scratch.ts";
import { askTown } from "../agent/town-tools.ts";
import type { Workplace } from "../workplace.ts";

type ReviewRun = LiveRun<RunSpecOf<"review">>;
type Verdict = FactOf<"verdict">;

const FILES_MAX = 1_000;
const SUMMARY_CHARS_MAX = 8_000;
const COMMENT_CHARS_MAX = 4_000;

const verdictCallSchema = z.object({
  verdict: verdictSchema,
  summary: z.string(),
  comments: z.array(z.object({ file: z.string(), line: z.number(), body: z.string() })).default([]),
});

export async function runReview(place: Workplace, run: ReviewRun): Promise<Ending> {
  run.enter("fetching");
  const fetched = await rigWith(place, run);
  if (!fetched.ok) return fetched.ending;
  const scratch = new Scratch(place, run, fetched.rig.rig);
  try {
    run.enter("preparing");
    const where = await scratch.open(run.spec.headOid);
    if ("infra" in where)
      return notPrepared(where.code === GATES_FAILED ? "git_failed" : where.code, where.infra);
    const briefing = await briefingOf(place, run, fetched.rig, scratch.contents);
    if (!briefing.ok) return briefing.ending;
    return await review(place, run, where, briefing.text);
  } finally {
    await scratch.close();
  }
}

type Step<T> = ({ ok: true } & T) | { ok: false; ending: Ending };

async function rigWith(place: Workplace, run: ReviewRun): Promise<Step<{ rig: FetchedRig }>> {
  const { rig: spec, headOid, baseOid } = run.spec;
  const fetched = await place.rigs.fetch(spec, run.holder);
  if (!fetched.ok)
    return { ok: false, ending: notPrepared(repositoryCode(fetched.error), fetched.error.message) };
  for (const oid of [headOid, baseOid]) {
    const held = await place.works.history.hasCommit(fetched.rig, oid);
    if (!held.ok)
      return { ok: false, ending: notPrepared(repositoryCode(held.error), held.error.message) };
    if (held.yes) continue;
    return {
      ok: false,
      ending: notPrepared("unknown_head", `Neither this runner nor the remote has ${oid}.`),
    };
  }
  return { ok: true, rig: fetched };
}

async function briefingOf(
  place: Workplace,
  run: ReviewRun,
  { rig, target }: FetchedRig,
  contents: Contents | null,
): Promise<Step<{ text: string }>> {
  const { spec } = run;
  const { history } = place.works;
  const stat = await history.diffStat(rig, spec.baseOid, spec.headOid, FILES_MAX);
  if (!stat.ok) return { ok: false, ending: notPrepared(stat.error.code, stat.error.message) };
  // A little more than fits, so that the briefing itself says that it is cut.
  const diff = await history.unifiedDiff(rig, spec.baseOid, spec.headOid, {
    bytesMax: DIFF_IN_BRIEFING_CHARS_MAX * 2,
  });
  if (!diff.ok) return { ok: false, ending: notPrepared(diff.error.code, diff.error.message) };
  const changedFiles = stat.stat.files.map(({ path }) => path);
  const { bead, summary, gates } = spec;
  const lfs = await lfsBriefing(place, rig, spec.headOid, contents);
  return {
    ok: true,
    text: firstMessage({
      role: "refinery",
      bead,
      rig: { ...spec.rig, target },
      summary,
      gates,
      diff: diff.text,
      changedFiles,
      lfs,
    }),
  };
}

async function review(
  place: Workplace,
  run: ReviewRun,
  where: GatePlace,
  briefing: string,
): Promise<Ending> {
  const given = Promise.withResolvers<Verdict>();
  const opened = await AgentHost.open(place, run, {
    role: "refinery",
    cwd: where.treeDir,
    homeDir: where.homeDir,
    tmpDir: where.tmpDir,
    readOnly: [where.treeDir],
    readWrite: [],
    call: (tool, args) => callTool(place, run, { briefing, give: given.resolve }, tool, args),
  });
  if (!opened.ok) return run.signal.aborted ? stoppedEnding(run) : opened.ending;
  const { host } = opened;
  run.enter("running");
  const end = await runTurns(place, run, host, {
    first: briefing,
    reprompt: REPROMPT_WITHOUT_RESULT.refinery,
    result: given.promise,
    turnEnded: () => Promise.resolve(null),
  });
  const exit = await host.close(
    run.stopOrder?.graceMs ?? (end.kind === "result" ? 0 : STOP_GRACE_MS),
  );
  if (end.kind === "ended") return { ...end.ending, exit: end.ending.exit ?? exit };
  run.progress("tool");
  return ending("done", null, "", { exit, facts: [end.result] });
}

async function callTool(
  place: Workplace,
  run: ReviewRun,
  desk: { briefing: string; give: (verdict: Verdict) => void },
  tool: string,
  args: Record<string, unknown>,
): Promise<ToolAnswer> {
  if (tool === "gt_prime")
    return { ok: true, value: desk.briefing, next: "Go on with this review." };
  if (tool !== "gt_verdict")
    return askTown(place, run, { turnId: null, scope: run.spec.runId, tool, args });
  const { verdict, summary, comments } = verdictCallSchema.parse(args);
  desk.give({
    kind: "verdict",
    headOid: run.spec.headOid,
    verdict,
    summary: cutEnd(summary, SUMMARY_CHARS_MAX),
    comments: comments.map(({ file, line, body }) => ({
      file,
      line,
      body: cutEnd(body, COMMENT_CHARS_MAX),
    })),
  });
  return { ok: true, value: `Noted: ${verdict}.`, next: "The review is over. End your turn now." };
}

function notPrepared(code: string, message: string): Ending {
  return ending("rejected", code, message, { details: { phase: "prepare" } });
}
