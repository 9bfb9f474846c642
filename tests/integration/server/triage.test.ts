import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Escalation, Offer, RunSpecOf } from "../../../protocol/index.ts";
import { POLICY } from "../../../server/model/policy.ts";
import { exit, openStage, PlayedRunner, workDone, type Stage } from "./stage.ts";

let stage: Stage;
let runner: PlayedRunner;
let rig: string;
beforeEach(() => begin());
afterEach(() => stage[Symbol.asyncDispose]());

async function begin(policy: Parameters<typeof openStage>[0] = {}): Promise<void> {
  stage = await openStage(policy);
  runner = new PlayedRunner(stage);
  await runner.hello();
  rig = await stage.readyRig(runner);
}

type Of<K extends "work" | "triage"> = Offer & { spec: RunSpecOf<K> };

async function working(title = "Sort"): Promise<{ id: string; offer: Of<"work"> }> {
  const before = stage.port.offers.length;
  const { id } = await stage.do("bead.sling", { rig, title, body: "Sort the list." });
  const offer = await stage.offered("work", before);
  await runner.tell(offer.spec, { kind: "started" });
  return { id, offer };
}

let calls = 0;
function tool(offer: Offer, name: string, input: object, key = `triage-key-of-call-${++calls}`) {
  const { runId, fence } = offer.spec;
  const of = { connection: runner.connection, runId, fence, turnId: null, key };
  return stage.core.tool(runner.id, { ...of, tool: name, arguments: input });
}
async function codeOf(asked: ReturnType<typeof tool>): Promise<string> {
  const ack = await asked;
  return ack.ok ? (ack.value.isError ? ack.value.text : "ok") : ack.error.code;
}
const callForHelp = (offer: Offer, severity = "low", title = "No access") =>
  tool(offer, "gt_escalate", { title, body: "The server says 401.", severity });

/** A bead whose agent has called for help, and the triage run that was started for it. */
async function asked(title?: string) {
  const { id, offer } = await working(title);
  const before = stage.port.offers.length;
  await callForHelp(offer);
  const triage = await stage.offered("triage", before);
  await runner.tell(triage.spec, { kind: "started" });
  const [request] = triage.spec.requests;
  if (!request) throw new Error("the run was given no request");
  return { id, offer, triage, request, escalation: await escalationOf(id) };
}
const decide = (triage: Offer, request: string, action: string, note = "because") =>
  tool(triage, "gt_triage_decide", { request, action, note });

async function escalationOf(bead: string, state?: "resolved"): Promise<Escalation> {
  const all = await stage.do("escalation.list", state ? { state } : {});
  const found = all.find(({ subjectId }) => subjectId === bead);
  if (!found) throw new Error(`no escalation about ${bead}`);
  return found;
}
const requestsOf = async (bead: string) => {
  const all = [
    ...(await stage.do("escalation.list", {})),
    ...(await stage.do("escalation.list", { state: "resolved" })),
  ];
  return all.filter(({ subjectId }) => subjectId === bead).map(({ triage }) => triage);
};
const offersOf = (kind: string) => stage.port.offers.filter(({ spec }) => spec.kind === kind);

async function later(ms: number): Promise<void> {
  await stage.pass(ms);
  await stage.tick();
}

test("[C1] [triage/request] [SC-TRIAGE-1] a call for help is asked about by a run without repository; people see it all the same", async () => {
  const { id, triage, request, escalation } = await asked();
  expect(triage.spec).toMatchObject({ kind: "triage", resource: "triage:town" });
  expect(triage.spec).not.toHaveProperty("rig");
  expect(triage.spec.agent.role).toBe("triage");
  expect(request).toMatchObject({
    ...{ severity: "low", title: "No access", text: "The server says 401." },
    bead: { id, title: "Sort", body: "Sort the list.", state: "in_progress" },
    ...{ standsStill: true, failures: [], actions: ["retry", "guide", "hold", "escalate"] },
  });
  expect(escalation).toMatchObject({ state: "open", severity: "low" });
  expect(escalation.triage).toMatchObject({ id: request.id, state: "open", isTaken: true });
  const bead = await stage.bead(request.id);
  expect(bead.bead).toMatchObject({ type: "triage_request", status: "open", beadId: id });
  expect((await stage.bead(id)).events.map(({ kind }) => kind)).toContain("triage_requested");
});

test("[C1] guide: the note is kept with the bead and read by its agent; the escalation is over and the Mayor is told", async () => {
  const { id, offer, triage, request } = await asked();
  expect(await codeOf(decide(triage, request.id, "guide", "Use the mirror."))).toBe("ok");
  const mail = await stage.until(() => stage.port.mails.at(-1));
  expect(mail).toMatchObject({ runId: offer.spec.runId });
  expect(mail.mail).toMatchObject({ from: "triage", text: "Use the mirror.", mode: "wait_idle" });
  const { events } = await stage.bead(id);
  expect(events.find(({ kind }) => kind === "comment")?.text).toBe("Use the mirror.");
  expect(events.find(({ kind }) => kind === "triaged")).toMatchObject({
    actor: `run:${triage.spec.runId}`,
    runId: triage.spec.runId,
  });
  const over = await escalationOf(id, "resolved");
  expect(over.triage).toMatchObject({ state: "decided", action: "guide", note: "Use the mirror." });
  expect((await stage.bead(request.id)).bead).toMatchObject({ status: "closed" });
  await runner.tell(triage.spec, exit("done"));
  await stage.do("mayor.say", { text: "What happened?" });
  const turn = await stage.offered("session");
  expect(turn.spec.turns[0]?.digest.join("\n")).toContain("triage decided: its agent is told");
});

test("[C1] retry: the run that called for help ends as a try of its bead, which goes on", async () => {
  const { id, offer, triage, request } = await asked();
  expect(await codeOf(decide(triage, request.id, "retry"))).toBe("ok");
  const stop = await stage.until(() => stage.port.stops.at(-1));
  expect(stop.runId).toBe(offer.spec.runId);
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, exit("stopped_by_town"));
  await later(1_000);
  await stage.offered("work", before);
  expect(await stage.issue(id)).toMatchObject({ workAttempts: 1, status: "in_progress" });
  expect((await escalationOf(id, "resolved")).resolution).toContain("tried again");
});

test("[C1] retry: a run that has moved on by itself is left alone", async () => {
  const { id, offer } = await working();
  await callForHelp(offer);
  const triage = await stage.offered("triage");
  await runner.tell(offer.spec, exit("no_result"));
  await later(1_000);
  const next = await stage.until(() => offersOf("work")[1]);
  await runner.tell(next.spec, { kind: "started" });
  expect(await codeOf(decide(triage, triage.spec.requests[0]?.id ?? "", "retry"))).toBe("ok");
  expect(stage.port.stops).toEqual([]);
  expect(await stage.issue(id)).toMatchObject({ status: "in_progress" });
});

test("[C1] hold: nothing more is started before a person releases it, and the escalation is his", async () => {
  const { id, triage, request } = await asked();
  expect(await codeOf(decide(triage, request.id, "hold"))).toBe("ok");
  expect(await stage.issue(id)).toMatchObject({ held: true, status: "in_progress" });
  expect(await escalationOf(id)).toMatchObject({ state: "acknowledged", target: "person" });
});

test("[C1] [escalation/resolve-over] what triage holds stays a card though its run goes on, until a person releases it", async () => {
  const { id, offer } = await working();
  await runner.tell(offer.spec, exit("no_result", "silent"));
  await later(1_000);
  const second = await stage.until(() => offersOf("work")[1]);
  await runner.tell(second.spec, { kind: "started" }, exit("no_result", "silent"));
  const triage = await stage.offered("triage");
  await later(1_000);
  const third = await stage.until(() => offersOf("work")[2]);
  const request = triage.spec.requests[0]?.id ?? "";
  expect(await codeOf(decide(triage, request, "hold"))).toBe("ok");
  await runner.end(third, workDone);
  expect(await stage.issue(id)).toMatchObject({ held: true, status: "in_review" });
  expect(await escalationOf(id)).toMatchObject({ state: "acknowledged", target: "person" });
  await stage.do("bead.release", { bead: id });
  expect(await escalationOf(id, "resolved")).toMatchObject({ resolution: "it was released" });
});

test("[C1] escalate: one step more severe, a person is told at once, and nobody is asked again", async () => {
  const { id, triage, request } = await asked();
  expect(await codeOf(decide(triage, request.id, "escalate"))).toBe("ok");
  const told = await escalationOf(id);
  expect(told).toMatchObject({ severity: "medium", state: "open", target: "person" });
  expect(told.triage).toMatchObject({ state: "decided", action: "escalate" });
  await runner.tell(triage.spec, exit("done"));
  await later(POLICY.triageCoolMaxMs);
  expect(offersOf("triage")).toHaveLength(1);
  expect(await requestsOf(id)).toHaveLength(1);
});

test("[triage/request] [bead/escalate-stalled] a bead whose runs stand still one after the other is asked about", async () => {
  const { id, offer } = await working();
  await runner.tell(offer.spec, exit("no_result", "silent"));
  await later(1_000);
  const second = await stage.until(() => offersOf("work")[1]);
  await runner.tell(second.spec, { kind: "started" }, exit("no_result", "silent"));
  const triage = await stage.offered("triage");
  expect(triage.spec.requests).toMatchObject([{ severity: "high", bead: { id, workAttempts: 2 } }]);
  expect(triage.spec.requests[0]?.failures.join("\n")).toContain("work ended as no_result");
});

test("[C5] [SC-TRIAGE-4] nobody but people is asked about what is urgent, and nobody about triage itself", async () => {
  const { id, offer } = await working();
  await callForHelp(offer, "high");
  expect(await requestsOf(id)).toEqual([null]);
  const { triage } = await asked("Other");
  expect(await codeOf(callForHelp(triage))).toBe("forbidden");
  await runner.tell(triage.spec, { kind: "tree_kept", dir: "/nowhere", reason: "disk" });
  await stage.tick();
  const about = await stage.do("escalation.list", {});
  const kept = about.find(({ subjectId }) => subjectId === triage.spec.runId);
  expect(kept?.triage ?? null).toBeNull();
  await later(POLICY.triageCoolMaxMs);
  expect(await stage.do("escalation.list", {})).toHaveLength(about.length);
});

test("[C1] [SC-TRIAGE-2] a decision is taken once, by the run that was asked, while it lives", async () => {
  const { offer, triage, request } = await asked();
  expect(await codeOf(decide(offer, request.id, "hold"))).toBe("forbidden");
  expect(await codeOf(decide(triage, "tr-zzzzzz", "hold"))).toBe("not_found");
  expect(await codeOf(decide(triage, request.bead.id, "hold"))).toBe("not_found");
  expect(await codeOf(decide(triage, request.id, "close"))).toBe("invalid_body");
  expect(await codeOf(decide(triage, request.id, "guide", " "))).toBe("invalid_body");
  expect(await codeOf(decide(triage, request.id, "hold", "x".repeat(2_001)))).toBe("invalid_body");
  expect(await codeOf(tool(triage, "gt_triage_decide", {}))).toBe("invalid_body");
  expect(await codeOf(tool(triage, "gt_sling", { rig, title: "x", body: "" }))).toBe("forbidden");
  const call = { request: request.id, action: "hold", note: "" };
  const twice = [1, 2].map(() => tool(triage, "gt_triage_decide", call, "key-of-one-decision"));
  expect(await Promise.all(twice.map(codeOf))).toEqual(["ok", "ok"]);
  expect(await codeOf(decide(triage, request.id, "escalate"))).toBe("illegal_transition");
  const second = await working("Another");
  await callForHelp(second.offer);
  const [other] = await requestsOf(second.id);
  expect(await codeOf(decide(triage, other?.id ?? "", "hold"))).toBe("not_found");
  await runner.tell(triage.spec, exit("done"));
  expect(await codeOf(decide(triage, request.id, "retry"))).toBe("stale_fence");
});

test("[C1] a run that was told to stop decides nothing any more", async () => {
  const { triage, request } = await asked();
  await stage.do("run.stop", { run: triage.spec.runId });
  expect(await codeOf(decide(triage, request.id, "hold"))).toBe("stale_fence");
});

test("[C5] [triage/settle-run] [triage/expire] [SC-TRIAGE-3] failures of triage count for nothing; after two a person is told, and its rest outlives a restart", async () => {
  const { id, offer, triage, request } = await asked();
  const history = (await stage.bead(id)).events.length;
  await runner.tell(triage.spec, exit("crashed"));
  await stage.restart();
  const live = [{ ...offer.spec, phase: "running", progressAgoMs: 0 }];
  await runner.hello({ lastOfferSeq: 99, spoolSeq: runner.seq, live });
  await later(POLICY.triageCoolMs - 20_000);
  expect(offersOf("triage")).toHaveLength(1);
  await later(30_000);
  const second = await stage.until(() => offersOf("triage")[1]);
  expect(second.spec.runId).not.toBe(triage.spec.runId);
  await runner.tell(second.spec, exit("rejected", "oom"));
  const told = await escalationOf(id);
  expect(told).toMatchObject({ severity: "high", target: "person", state: "open" });
  expect(told.triage).toMatchObject({ id: request.id, state: "expired", isTaken: false });
  expect((await stage.bead(id)).events).toHaveLength(history);
  await later(10 * POLICY.triageCoolMaxMs);
  expect(offersOf("triage")).toHaveLength(2);
  expect(await stage.do("escalation.list", {})).toHaveLength(1);
  await stage.stop();
  const db = new Database(stage.databaseFile, { readonly: true });
  expect(db.query("select * from start_failures").all()).toEqual([]);
  expect(db.query("select triage_failures as n from town").get()).toEqual({ n: 2 });
  db.close();
});

test("[triage/withdraw] a person resolves it: the request is withdrawn and its run stopped", async () => {
  const { id, triage, request, escalation } = await asked();
  await stage.do("escalation.resolve", { escalation: escalation.id });
  expect(await codeOf(decide(triage, request.id, "hold"))).toBe("stale_fence");
  expect(stage.port.stops.map(({ runId }) => runId)).toEqual([triage.spec.runId]);
  const [withdrawn] = await requestsOf(id);
  expect(withdrawn).toMatchObject({ state: "withdrawn", action: null });
  await runner.tell(triage.spec, exit("stopped_by_town"));
  expect(await stage.issue(id)).toMatchObject({ status: "in_progress", held: false });
});

test("[triage/withdraw] what its agent calls urgent meanwhile is a person's: triage decides nothing about it", async () => {
  const { id, offer, triage, request } = await asked();
  await callForHelp(offer, "high");
  expect(await codeOf(decide(triage, request.id, "guide"))).toBe("stale_fence");
  const told = await escalationOf(id);
  expect(told).toMatchObject({ severity: "high", target: "person", state: "open", times: 2 });
  expect(told.triage).toMatchObject({ state: "withdrawn" });
  await runner.tell(triage.spec, exit("stopped_by_town"));
  await later(POLICY.triageCoolMaxMs);
  expect(offersOf("triage")).toHaveLength(1);
});

test("[triage/withdraw] the bead lands: nobody need decide any more", async () => {
  const { id, offer, request } = await asked();
  await stage.do("bead.close", { bead: id, outcome: "cancelled" });
  await runner.tell(offer.spec, exit("stopped_by_person"));
  const gone = await stage.until(async () => {
    const { bead } = await stage.bead(request.id);
    return (bead as { status: string }).status === "closed" ? bead : undefined;
  });
  expect(gone).toMatchObject({ state: "withdrawn" });
});

test("[triage/withdraw] switched off, what is open is withdrawn; switched on, what waits is asked about", async () => {
  const { id } = await asked();
  await stage.do("settings.set", { key: "triage", value: 0 });
  expect(await requestsOf(id)).toMatchObject([{ state: "withdrawn" }]);
  const other = await working("Other");
  await callForHelp(other.offer);
  expect(await requestsOf(other.id)).toEqual([null]);
  await stage.do("settings.set", { key: "triage", value: 1 });
  expect(await requestsOf(other.id)).toMatchObject([{ state: "open" }]);
});

test("[C5] five requests are open at most; the next has a place when one is over", async () => {
  await stage[Symbol.asyncDispose]();
  await begin({ triageOpenMax: 2, triagePerBeadMax: 2, slots: 9 });
  const { offer, triage } = await asked("First");
  for (const title of ["B", "C"]) await callForHelp((await working(title)).offer);
  const open = async () =>
    (await stage.do("escalation.list", {})).filter((each) => each.triage?.state === "open");
  expect(await open()).toHaveLength(2);
  await decide(triage, triage.spec.requests[0]?.id ?? "", "guide");
  expect(await open()).toHaveLength(2);
  await callForHelp(offer, "low", "Second");
  await callForHelp(offer, "low", "Third");
  expect(await open()).toHaveLength(2);
  await runner.tell(triage.spec, exit("done"));
  const next = await stage.until(() => offersOf("triage")[1]);
  const [one, two] = next.spec.kind === "triage" ? next.spec.requests : [];
  await decide(next, one?.id ?? "", "guide");
  await decide(next, two?.id ?? "", "guide");
  const left = await open();
  expect(left.map(({ title }) => title)).toEqual(["Second"]);
});

test("[C5] [town/allocate] a bead comes first: triage takes no slot that it waits for", async () => {
  await stage[Symbol.asyncDispose]();
  await begin({ slots: 1 });
  const first = await working("First");
  const waits = await stage.do("bead.sling", { rig, title: "Waits" });
  await callForHelp(first.offer);
  await runner.end(first.offer, workDone);
  const second = await stage.until(() => offersOf("work")[1]);
  expect(second.spec).toMatchObject({ bead: { id: waits.id } });
  expect(offersOf("triage")).toEqual([]);
});

test("[B22] why a bead does not move names the request", async () => {
  const { id, request } = await asked();
  const why = await stage.do("bead.explain", { bead: id });
  expect(why.reasons).toContainEqual({
    text: "triage looks at what was raised about it",
    untilAt: null,
    on: request.id,
  });
});
