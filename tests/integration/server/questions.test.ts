import { afterEach, beforeEach, expect, test } from "bun:test";
import { POLICY } from "../../../server/model/policy.ts";
import { exit, openStage, PlayedRunner, type Stage } from "./stage.ts";
import type { Offer, RunSpecOf } from "../../../protocol/index.ts";

let stage: Stage;
let runner: PlayedRunner;
let rig: string;
beforeEach(async () => {
  stage = await openStage();
  runner = new PlayedRunner(stage);
  await runner.hello();
  rig = await stage.readyRig(runner);
});
afterEach(() => stage[Symbol.asyncDispose]());

type Work = Offer & { spec: RunSpecOf<"work"> };
const open = () => stage.do("question.list", {});

async function working(): Promise<{ id: string; offer: Work }> {
  const before = stage.port.offers.length;
  const { id } = await stage.do("bead.sling", { rig, title: "Sort" });
  const offer = await stage.offered("work", before);
  await runner.tell(offer.spec, { kind: "started" });
  return { id, offer };
}

let calls = 0;
async function ask(offer: Work, input: object, key = `ask-key-of-call-${++calls}`) {
  const ack = await stage.core.tool(runner.id, {
    connection: runner.connection,
    runId: offer.spec.runId,
    fence: offer.spec.fence,
    turnId: null,
    tool: "gt_ask",
    arguments: input,
    key,
  });
  if (!ack.ok) throw new Error(ack.error.message);
  return ack.value;
}
const tabs = { question: "Tabs or spaces?", options: ["tabs", "spaces"], default: "tabs" };

test("[B19] a person's answer reaches the next run, and equal questions are answered with it at once", async () => {
  const { id, offer } = await working();
  const said = await ask(offer, { ...tabs, wait: true });
  expect(said.text).toContain("Stop now");
  const [question] = await open();
  expect(question).toMatchObject({ beadId: id, blocking: true, state: "open", fallback: "tabs" });
  const stop = await stage.until(() => stage.port.stops.at(-1));
  expect(stop.runId).toBe(offer.spec.runId);
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, exit("stopped_by_town"));
  const waiting = await stage.issue(id);
  expect(waiting).toMatchObject({ status: "open", workAttempts: 0 });
  expect(waiting.wait?.text).toContain("answer");
  expect(stage.port.offers.slice(before)).toEqual([]);
  await stage.do("question.answer", { question: question?.id ?? "", answer: "spaces" });
  const next = await stage.offered("work", before);
  expect(next.spec.bead.answers).toEqual([
    { question: "Tabs or spaces?", answer: "spaces", by: "person" },
  ]);

  const other = await working();
  const at = await ask(other.offer, { ...tabs, question: "tabs or SPACES" });
  expect(at.text).toContain("spaces");
  expect(await open()).toEqual([]);
  const kept = await stage.do("answer.list", { rig, search: "spaces" });
  expect(kept).toMatchObject([{ answer: "spaces", uses: 1, questionId: question?.id }]);
  expect(await stage.do("answer.list", { search: "no such words" })).toEqual([]);
  await stage.do("answer.forget", { answer: kept[0]?.id ?? "" });
  await ask(other.offer, tabs);
  expect(await open()).toHaveLength(1);
});

test("[B19] [question/answer-default] nobody answers: the default counts, after a restart too, and a person may overrule it", async () => {
  const { id, offer } = await working();
  await ask(offer, tabs);
  await stage.restart();
  await runner.hello({ live: [{ runId: offer.spec.runId, fence: offer.spec.fence }] as never });
  await stage.pass(POLICY.questionDeadlineMs + 1_000);
  await stage.tick();
  expect(await open()).toEqual([]);
  const [answered] = await stage.do("question.list", { state: "answered", bead: id });
  expect(answered).toMatchObject({ answer: "tabs", answeredBy: "default", status: "closed" });
  expect((await stage.bead(answered?.id ?? "")).events.at(-1)?.rule).toBe(
    "question/answer-default",
  );
  expect(await stage.do("answer.list", {})).toEqual([]);
  const over = { question: answered?.id ?? "", answer: "spaces", remember: false };
  expect(await stage.do("question.answer", over)).toMatchObject({
    answer: "spaces",
    answeredBy: "person",
  });
  expect(await stage.do("answer.list", {})).toEqual([]);
});

test("[B19] an answer that is kept settles equal questions that are open", async () => {
  const first = await working();
  const second = await working();
  await ask(first.offer, tabs);
  await ask(second.offer, tabs);
  const [one] = await stage.do("question.list", { bead: first.id });
  await stage.do("question.answer", { question: one?.id ?? "", answer: "spaces" });
  expect(await open()).toEqual([]);
  const [equal] = await stage.do("question.list", { state: "answered", bead: second.id });
  expect(equal).toMatchObject({ answer: "spaces", answeredBy: "policy" });
});

test("[B19] [question/withdraw] what a closed bead asked is withdrawn and cannot be answered", async () => {
  const { id, offer } = await working();
  await ask(offer, tabs);
  const [question] = await open();
  await stage.do("bead.close", { bead: id, outcome: "cancelled" });
  await runner.tell(offer.spec, exit("stopped_by_person"));
  await stage.until(async () => ((await open()).length === 0 ? true : undefined));
  const late = { question: question?.id, answer: "tabs" };
  expect(await stage.codeOf("question.answer", late)).toBe("illegal_transition");
});

test("[B19] a call is one question however often it comes; an agent cannot ask without end", async () => {
  const { offer } = await working();
  const twice = [
    await ask(offer, tabs, "key-of-one-call-1"),
    await ask(offer, tabs, "key-of-one-call-1"),
  ];
  expect(twice[0]).toEqual(twice[1] ?? { isError: true, text: "" });
  expect(await open()).toHaveLength(1);
  await ask(offer, { question: "Two?" });
  await ask(offer, { question: "Three?" });
  expect(await ask(offer, { question: "Four?" })).toMatchObject({ isError: true });
  expect(await open()).toHaveLength(3);
});

test("[B19] bad input is refused with its code", async () => {
  const { id, offer } = await working();
  for (const input of [
    {},
    { question: "" },
    { question: "x".repeat(4_001) },
    { question: "Which?", options: ["a"], default: "b" },
    { question: "May I?", kind: "permission", default: "maybe" },
    { question: "Which?", options: ["1", "2", "3", "4", "5", "6", "7"] },
  ])
    expect([input, (await ask(offer, input)).isError]).toEqual([input, true]);
  expect(await open()).toEqual([]);
  await ask(offer, { question: "May I push?", kind: "permission" });
  const [may] = await open();
  expect(may).toMatchObject({ options: ["allow", "deny"], fallback: "deny" });
  const answer = (body: object) => stage.codeOf("question.answer", body);
  const question = may?.id;
  expect(await answer({})).toBe("invalid_body");
  expect(await answer({ question, answer: " " })).toBe("invalid_body");
  expect(await answer({ question, answer: "x".repeat(4_001) })).toBe("invalid_body");
  expect(await answer({ question, answer: "perhaps" })).toBe("invalid_body");
  expect(await answer({ question: "qn-zzzzzz", answer: "allow" })).toBe("not_found");
  expect(await answer({ question: id, answer: "allow" })).toBe("not_found");
  expect(await answer({ question, answer: "allow", version: 9 })).toBe("stale_version");
  expect(await answer({ question, answer: "allow", version: 1 })).toBe("ok");
  expect(await stage.codeOf("answer.forget", { answer: "an-zzzzzz" })).toBe("not_found");
  expect(await stage.codeOf("answer.forget", {})).toBe("invalid_body");
  expect(await stage.codeOf("answer.list", { rig: "nowhere" })).toBe("not_found");
  expect(await stage.codeOf("question.list", { bead: "bd-zzzzzz" })).toBe("not_found");
  expect(await stage.codeOf("question.list", { state: "odd" })).toBe("invalid_body");
});
