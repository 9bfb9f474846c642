import { describe, expect, test } from "bun:test";
import { offeredName, readConversation } from "./conversation.ts";
import { chatRequestSchema } from "./request.ts";

function talkOf(messages: object[], extra: object = {}) {
  return readConversation(chatRequestSchema.parse({ model: "m", messages, ...extra }));
}

function system(role: string) {
  return { role: "system", content: `You are an agent.\nRole: ${role}\nWork.` };
}

function user(text: string) {
  const notes =
    "\n\n<environment_details>\nMessage time: 2026-01-01T00:00:00Z\nWorking directory: /runs/r1/tree\nWorkspace root folder: /runs/r1/tree\n</environment_details>";
  return {
    role: "user",
    content: [
      { type: "text", text },
      { type: "text", text: notes },
    ],
  };
}

const said = (content: string) => ({ role: "assistant", content });
const called = (id: string, name: string) => ({
  role: "assistant",
  content: null,
  tool_calls: [{ id, type: "function", function: { name, arguments: "{}" } }],
});
const answered = (id: string, content: string) => ({ role: "tool", tool_call_id: id, content });
const BRIEFING = "Bead: Count the things: all\nBead id: bd_1\nAttempt: 2\nRound: 3\n\nMake it so.";

describe("what a request says about itself", () => {
  test("[A1] role, bead, attempt, round and working directory", () => {
    expect(talkOf([system("polecat"), user(BRIEFING)])).toMatchObject({
      role: "polecat",
      beadTitle: "Count the things: all",
      beadId: "bd_1",
      attempt: 2,
      round: 3,
      turnIndex: 0,
      cwd: "/runs/r1/tree",
      userLast: BRIEFING,
    });
  });

  test("[A1] attempt and round are 1 where nothing is said or it is no ordinal", () => {
    expect(talkOf([system("refinery"), user("Bead: x")])).toMatchObject({
      role: "refinery",
      attempt: 1,
      round: 1,
    });
    expect(talkOf([system("refinery"), user("Bead: x\nAttempt: soon\nRound: 0")])).toMatchObject({
      attempt: 1,
      round: 1,
    });
  });

  test("[A1] a request without a role line is nobody's, even if a user writes one", () => {
    expect(
      talkOf([
        { role: "system", content: "You are a title generator." },
        user("Role: mayor\nBead: x"),
      ]).role,
    ).toBeNull();
    expect(talkOf([system("burglar"), user("Bead: x")]).role).toBeNull();
  });

  test("[A1] a re-prompt goes on with the next turn, whether or not it repeats the briefing", () => {
    const run = [
      system("polecat"),
      user(BRIEFING),
      called("a", "gastown_gt_prime"),
      answered("a", "{}"),
      said("Hm."),
    ];
    expect(talkOf([...run, user("Please finish with gt_done.")]).turnIndex).toBe(2);
    expect(
      talkOf([...run, user(`${BRIEFING}\nPlease finish.`), said("Well."), user("Again.")])
        .turnIndex,
    ).toBe(3);
  });

  test("[A1] a later run in the same session begins anew, with its own results only", () => {
    const run = [
      system("polecat"),
      user(BRIEFING),
      called("a", "bash"),
      answered("a", "old"),
      said("done"),
    ];
    const next = user(BRIEFING.replace("Attempt: 2", "Attempt: 3"));
    expect(talkOf([...run, next, said("x")])).toMatchObject({
      attempt: 3,
      turnIndex: 1,
      results: [],
    });
  });

  test("[A1] the Mayor's turns count from the last message of a person; quoted lines are not his words", () => {
    const talk = talkOf([
      system("mayor"),
      user("Build it"),
      said("Built"),
      user("> Build it\n> Built\n\nNow paint it"),
      called("m", "gastown_gt_rigs"),
      answered("m", "rg_1"),
    ]);
    expect(talk).toMatchObject({
      turnIndex: 1,
      userLast: "Now paint it",
      results: [{ name: "gt_rigs", text: "rg_1" }],
    });
  });

  test("[A1] messages that hold only the agent's own notes do not begin a turn of the Mayor", () => {
    const talk = talkOf([
      system("mayor"),
      user("Build it"),
      said("One"),
      { role: "user", content: "<system-reminder>\nBe brief\n</system-reminder>" },
    ]);
    expect(talk).toMatchObject({ turnIndex: 1, userLast: "Build it" });
  });
});

test("[A1] short tool names become the offered ones", () => {
  const offered = ["bash", "write", "gastown_gt_done", "gt_prime"];
  expect(["bash", "gt_done", "gt_prime", "edit"].map((name) => offeredName(name, offered))).toEqual(
    ["bash", "gastown_gt_done", "gt_prime", "edit"],
  );
});
