import { afterEach, beforeEach, expect, test } from "bun:test";
import { POLICY } from "../../../server/model/policy.ts";
import { exit, openStage, PlayedRunner, type Stage } from "./stage.ts";
import type { Offer } from "../../../protocol/index.ts";

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

async function working(): Promise<{ id: string; offer: Offer }> {
  const before = stage.port.offers.length;
  const { id } = await stage.do("bead.sling", { rig, title: "Sort" });
  const offer = await stage.offered("work", before);
  await runner.tell(offer.spec, { kind: "started" });
  return { id, offer };
}
const stateOf = async (id: string) =>
  (await stage.do("mail.list", {})).find((mail) => mail.id === id)?.state;
const until = (id: string, state: string) =>
  stage.until(async () => ((await stateOf(id)) === state ? true : undefined));

test("[C11] [SC-AGENT-6] a message is queued, delivered to the live run, seen; reading it takes nothing away", async () => {
  const { id, offer } = await working();
  const mail = await stage.do("mail.send", { to: id, text: "Use tabs" });
  expect(mail).toMatchObject({ state: "queued", mode: "wait_idle", from: "a person", toId: id });
  await until(mail.id, "delivered");
  expect(stage.port.mails).toMatchObject([
    { runId: offer.spec.runId, mail: { mailId: mail.id, text: "Use tabs" } },
  ]);
  await stage.do("mail.list", { to: id });
  expect(await stateOf(mail.id)).toBe("delivered");
  await runner.tell(offer.spec, { kind: "mail_seen", mailId: mail.id });
  await until(mail.id, "seen");
  expect((await stage.bead(id)).events.map(({ kind }) => kind)).toContain("mail");
  expect(stage.port.mails).toHaveLength(1);
});

test("[C11] [mail/take-back] what a run did not see goes to the next one, with the same id", async () => {
  const { id, offer } = await working();
  const mail = await stage.do("mail.send", { to: id, text: "Use tabs" });
  await until(mail.id, "delivered");
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, exit("crashed", "killed"));
  const next = await stage.offered("work", before);
  await stage.until(() => stage.port.mails[1]);
  expect(stage.port.mails.map(({ runId }) => runId)).toEqual([offer.spec.runId, next.spec.runId]);
  // What the first run says now is too late.
  await runner.tell(offer.spec, { kind: "mail_seen", mailId: mail.id });
  await until(mail.id, "delivered");
  await runner.tell(next.spec, { kind: "mail_seen", mailId: mail.id });
  await until(mail.id, "seen");
});

test("[C11] [mail/expire] nobody was there in time: it is not delivered to a later run", async () => {
  const { id } = await stage.do("bead.sling", { rig, title: "Sort", dependsOn: [] });
  await stage.do("bead.hold", { bead: id });
  const nudge = await stage.do("nudge", { to: id });
  expect(nudge).toMatchObject({ mode: "wait_idle", state: "queued" });
  await stage.pass(POLICY.nudgeTtlMs + 1_000);
  await stage.tick();
  expect(await stateOf(nudge.id)).toBe("expired");
});

test("[C11] an idle agent keeps its message; the town's restart loses none", async () => {
  const { offer } = await working();
  const [agent] = await stage.do("agent.list", {});
  await runner.tell(offer.spec, exit("stopped_by_person"));
  const mail = await stage.do("mail.send", { to: agent?.id ?? "", text: "Next time, tabs" });
  await stage.restart();
  expect(await stateOf(mail.id)).toBe("queued");
});

test("[B19] the answer to a question that the agent did not stop for reaches its live run", async () => {
  const { offer } = await working();
  await stage.core.tool(runner.id, {
    ...{ connection: runner.connection, runId: offer.spec.runId, fence: offer.spec.fence },
    ...{
      turnId: null,
      tool: "gt_ask",
      arguments: { question: "Tabs?" },
      key: "key-of-the-question",
    },
  });
  const [question] = await stage.do("question.list", {});
  await stage.do("question.answer", { question: question?.id ?? "", answer: "yes" });
  const frame = await stage.until(() => stage.port.mails[0]);
  expect(frame.mail.text).toContain("The answer: yes");
});

test("[C11] bad input is refused with its code", async () => {
  const { id } = await working();
  const send = (body: object) => stage.codeOf("mail.send", body);
  expect(await send({})).toBe("invalid_body");
  expect(await send({ to: id, text: " " })).toBe("invalid_body");
  expect(await send({ to: id, text: "x".repeat(8_001) })).toBe("invalid_body");
  expect(await send({ to: id, text: "x", mode: "loud" })).toBe("invalid_body");
  expect(await send({ to: id, text: "x", minutes: 0 })).toBe("invalid_body");
  expect(await send({ to: "bd-zzzzzz", text: "x" })).toBe("not_found");
  expect(await stage.codeOf("nudge", { to: rig })).toBe("not_found");
  expect(await stage.codeOf("mail.list", { to: "bd-zzzzzz" })).toBe("not_found");
  expect(await stage.codeOf("mail.list", { state: "lost" })).toBe("invalid_body");
  const other = await stage.do("bead.sling", { rig, title: "Mend" });
  await stage.do("bead.close", { bead: other.id, outcome: "cancelled" });
  expect(await send({ to: other.id, text: "x" })).toBe("illegal_transition");
});
