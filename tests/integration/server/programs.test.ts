// Which program the agents of a role are: chosen, offered, and waited for.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { exit, openStage, PlayedRunner, type Stage } from "./stage.ts";

let stage: Stage;
let runner: PlayedRunner;
let rig: string;
beforeEach(async () => {
  stage = await openStage();
  runner = new PlayedRunner(stage);
  await runner.hello({ programs: ["kilo", "opencode"] });
  rig = await stage.readyRig(runner);
});
afterEach(() => stage[Symbol.asyncDispose]());

const choose = (
  role: "mayor" | "polecat" | "refinery",
  program: "kilo" | "opencode" | null,
  ofRig?: string,
) => stage.do("program.set", { role, program, ...(ofRig === undefined ? {} : { rig: ofRig }) });

async function nextWork(title: string) {
  const before = stage.port.offers.length;
  await stage.do("bead.sling", { rig, title });
  return stage.offered("work", before);
}

test("[C19] the program of a role is the rig's, else the town's, else kilo, and the offer carries it", async () => {
  expect((await nextWork("One")).spec).toMatchObject({ program: "kilo" });
  expect(await choose("polecat", "opencode")).toEqual({
    role: "polecat",
    program: "opencode",
    from: "town",
    runners: ["played"],
  });
  expect((await nextWork("Two")).spec).toMatchObject({ program: "opencode" });
  await choose("polecat", "kilo", rig);
  expect((await nextWork("Three")).spec).toMatchObject({ program: "kilo" });
  await choose("polecat", null, rig);
  expect((await nextWork("Four")).spec).toMatchObject({ program: "opencode" });
  expect(await stage.do("program.get", { rig })).toMatchObject([
    { role: "polecat", program: "opencode", from: "town" },
    { role: "refinery", program: "kilo", from: "default" },
  ]);
});

test("[C19] a program that cannot be kept to what a role may do is refused for it, and changes nothing", async () => {
  for (const role of ["refinery", "mayor", "triage"] as const)
    expect(await stage.call("program.set", { role, program: "codex" })).toMatchObject({
      ok: false,
      error: { code: "invalid_body", message: expect.stringContaining("Choose kilo, opencode") },
    });
  expect((await stage.do("program.get", {})).map(({ program }) => program)).toEqual(
    Array(4).fill("kilo"),
  );
  expect(await stage.do("program.set", { role: "polecat", program: "codex" })).toMatchObject({
    program: "codex",
    runners: [],
  });
});

test("[C19] a live bead goes from program to program with its work: the next run of it is the other one", async () => {
  const first = await nextWork("Handed over");
  expect(first.spec).toMatchObject({ program: "kilo" });
  await choose("polecat", "opencode");
  await runner.tell(first.spec, { kind: "started" }, { kind: "progress", what: "tool" });
  await runner.tell(first.spec, exit("crashed"));
  const second = await stage.until(() =>
    stage.port.offers.findLast(
      ({ spec }) => spec.kind === "work" && spec.runId !== first.spec.runId,
    ),
  );
  expect(second.spec).toMatchObject({ program: "opencode", resource: first.spec.resource });
  expect(second.spec.fence.n).toBeGreaterThan(first.spec.fence.n);
});

test("[C19] a bead whose program no runner has waits, says why, and begins when one comes that has it", async () => {
  await runner.hello({ programs: ["kilo"], spoolSeq: runner.seq, lastOfferSeq: 99 });
  await choose("polecat", "opencode");
  const { id } = await stage.do("bead.sling", { rig, title: "Waits" });
  const said = await stage.until(async () => (await stage.issue(id)).wait?.text);
  expect(said).toContain("no connected runner has OpenCode");
  const before = stage.port.offers.length;
  await runner.hello({ programs: ["opencode"], spoolSeq: runner.seq, lastOfferSeq: 99 });
  expect((await stage.offered("work", before)).spec).toMatchObject({ program: "opencode" });
});

test("[C19] a runner that does not tell has kilo, and the Mayor's program is the town's", async () => {
  const mayor = async () =>
    (await stage.do("program.get", {})).find(({ role }) => role === "mayor");
  await choose("mayor", "opencode");
  expect(await mayor()).toMatchObject({ program: "opencode", runners: ["played"] });
  const before = stage.port.offers.length;
  await stage.do("mayor.say", { text: "Hello" });
  expect((await stage.offered("session", before)).spec).toMatchObject({ program: "opencode" });
  await runner.hello({ spoolSeq: runner.seq, lastOfferSeq: 99 });
  expect(await mayor()).toMatchObject({ program: "opencode", runners: [] });
  await choose("mayor", null);
  expect(await mayor()).toMatchObject({ program: "kilo", from: "default", runners: ["played"] });
});
