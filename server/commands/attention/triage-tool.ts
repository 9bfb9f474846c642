/** A triage agent decides about a request of its run: once, and nothing that closes, deletes, fails or merges. */
import { z } from "zod";
import {
  ok,
  refuse,
  shortId,
  triageActionSchema,
  type Result,
  type ToolAnswer,
  type TriageAction,
} from "../../../protocol/index.ts";
import { rowAt, changeRow } from "../../store/rows.ts";
import { triageRequests } from "../../store/schema/attention.ts";
import { beads } from "../../store/schema/beads.ts";
import { runs } from "../../store/schema/runs.ts";
import type { Tx } from "../../store/tx.ts";
import { standingRun } from "../../store/views/triage-spec.ts";
import { noteForMayor } from "../../store/writes/attention/digest.ts";
import { sendMail } from "../../store/writes/attention/mails.ts";
import { closeTriage, requestsOfRun } from "../../store/writes/attention/triage.ts";
import {
  acknowledgeEscalation,
  giveToPeople,
  keepUntilTheEnd,
  raiseToPeople,
  resolveEscalation,
} from "../../store/writes/escalations.ts";
import { noteProgress } from "../../store/writes/limits/limits.ts";
import { orderStop } from "../../store/writes/runs.ts";
import { commentBead, holdBead } from "../bead-edit-commands.ts";
import type { CommandPorts } from "../command.ts";

const decideTool = z.strictObject({
  request: z.string().min(1).max(100),
  action: triageActionSchema,
  note: z.string().trim().max(2_000).default(""),
});

type RunRow = typeof runs.$inferSelect;
type Request = typeof triageRequests.$inferSelect;
interface Decision {
  action: TriageAction;
  note: string;
}

/**
 * @param run a live triage run
 * Errors: invalid_body; stale_fence when the run was told to stop; not_found for a request that it was not given;
 * illegal_transition when that is decided, withdrawn or expired, or its bead is over.
 */
export function decideByTool(
  tx: Tx,
  run: RunRow,
  input: unknown,
  ports: CommandPorts,
): Result<ToolAnswer> {
  const parsed = decideTool.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse("invalid_body", `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}.`);
  }
  if (run.stopOrderedAt !== null)
    return refuse("stale_fence", "this run was told to stop: it decides nothing any more.");
  const request = given(tx, run, parsed.data.request);
  if (!request.ok) return request;
  const { action, note } = parsed.data;
  if (action === "guide" && note === "")
    return refuse("invalid_body", "note: say what the agent should do.");
  const done = apply(tx, request.value, { action, note }, ports);
  if (!done.ok) return done;
  noteProgress(tx, run);
  changeRow(tx.db, runs, run.id, { progressAt: tx.now });
  tx.touch("run", run.id);
  const left = requestsOfRun(tx, run.id).filter(({ state }) => state === "open").length;
  const next = left === 0 ? "Nothing is left. End your turn now." : `${left} left: go on.`;
  return ok({ isError: false, text: `Decided: ${done.value}. ${next}` });
}

/** Only what this run was given; other requests are as unknown to it as those that never were. */
function given(tx: Tx, run: RunRow, ref: string): Result<Request> {
  const listed = run.spec.kind === "triage" ? run.spec.requests : [];
  const named = listed.find(({ id }) => id === ref || shortId(id) === ref);
  const request = named && rowAt(tx.db, triageRequests, named.id);
  if (!request) return refuse("not_found", "this run was given no such request.");
  if (request.state !== "open")
    return refuse("illegal_transition", `it is ${request.state} already: go on with the others.`);
  if (request.runId !== run.id)
    return refuse("stale_fence", "it was given to another run meanwhile.");
  return ok(request);
}

/** @returns what was done, in few words */
function apply(
  tx: Tx,
  request: Request,
  { action, note }: Decision,
  ports: CommandPorts,
): Result<string> {
  const { escalationId, workBeadId } = request;
  const done = { retry, guide, hold, escalate: raise }[action](tx, request, note, ports);
  if (!done.ok) return done;
  const why = note === "" ? "" : `: ${note}`;
  const text = `triage decided: ${done.value}${why}`;
  if (!closeTriage(tx, request.beadId, { action, note, text }))
    return refuse("illegal_transition", "it is decided already.");
  noteForMayor(tx, "triaged", workBeadId, text);
  if (action === "retry" || action === "guide") resolveEscalation(tx, escalationId, text);
  return done;
}

/** The run that stands still ends as a try of its bead, which goes on by itself. */
function retry(tx: Tx, request: Request): Result<string> {
  const run = standingRun(tx.db, request);
  if (!run) return ok("it goes on; no run of it stood still");
  orderStop(tx, run.id, "stopped_by_town", "triage decided that it is tried again", "triage");
  return ok("the run that stands still is ended, and it is tried again");
}

function guide(tx: Tx, { workBeadId }: Request, note: string, ports: CommandPorts): Result<string> {
  const bead = rowAt(tx.db, beads, workBeadId);
  if (bead === undefined || bead.status === "closed" || bead.status === "failed")
    return refuse("illegal_transition", "nobody works on its bead any more.");
  const said = commentBead(tx, { bead: workBeadId, text: note }, ports);
  if (!said.ok) return said;
  const expiresAt = tx.now + tx.policy.mailTtlMs;
  const { rigId } = bead;
  sendMail(tx, {
    ...{ toId: workBeadId, rigId, from: "triage", text: note },
    ...{ mode: "wait_idle", expiresAt },
  });
  return ok("its agent is told what to do");
}

/** A person has to release it: the escalation is his from now on, and stays. */
function hold(tx: Tx, request: Request, _: string, ports: CommandPorts): Result<string> {
  const held = holdBead(tx, { bead: request.workBeadId }, ports);
  if (!held.ok) return held;
  giveToPeople(tx, request.escalationId);
  keepUntilTheEnd(tx, request.escalationId);
  acknowledgeEscalation(tx, request.escalationId);
  return ok("it is held until a person releases it");
}

/** It stays open: nobody who could mend it has seen it yet. */
function raise(tx: Tx, { escalationId }: Request): Result<string> {
  raiseToPeople(tx, escalationId, "raised by triage: a person decides");
  return ok("a person is told");
}
