import { afterEach, expect, test } from "bun:test";
import { personGit } from "../../support/git-rig.ts";
import { newId } from "./small-town.ts";
import { baselineSpec, rigSpec, workSpec } from "./specs.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
afterEach(() => stage.close());

const WRITE_AND_HAND_IN = {
  name: "write",
  entries: [
    {
      role: "polecat" as const,
      turns: [
        {
          text: "# Writing\n",
          tools: [
            {
              name: "bash",
              arguments: { command: "echo hello > line.txt", description: "Writes" },
            },
          ],
        },
        {
          text: "# Handing in\n",
          tools: [{ name: "gt_done", arguments: { summary: "Wrote a line." } }],
        },
      ],
    },
  ],
};

test("[D3] a baseline runs setup and gates on the target and reports them", async () => {
  stage = await openStage();
  await stage.start();
  const { town } = stage;
  await town.until(() => town.hellos[0]);
  const rig = rigSpec(stage.remoteDir, {
    setup: "touch made",
    gates: [{ name: "files", command: "test -e made && cat README.md", timeoutMs: 10_000 }],
  });
  const spec = baselineSpec(rig);
  expect(await town.offer(spec)).toEqual({ ok: true, value: { accepted: true } });
  expect((await town.exitOf(spec.runId)).outcome).toBe("done");
  const [baseline] = town.of("baseline", spec.runId);
  expect(baseline).toMatchObject({
    green: true,
    reason: null,
    targetOid: await personGit(stage.remoteDir, "rev-parse", "main"),
  });
  expect(baseline?.gates[0]).toMatchObject({ name: "files", ok: true, log: "# Sample\n" });
});

test("[C4] a polecat works in its own tree, hands in, and its branch is pushed", async () => {
  stage = await openStage(WRITE_AND_HAND_IN);
  await stage.start();
  const { town } = stage;
  await town.until(() => town.hellos[0]);
  const spec = workSpec(rigSpec(stage.remoteDir), { program: stage.program });
  expect(await town.offer(spec)).toEqual({ ok: true, value: { accepted: true } });
  const exit = await town.exitOf(spec.runId);
  expect(exit).toMatchObject({ outcome: "done", reason: null });
  const [done] = town.of("work_done", spec.runId);
  expect(done).toMatchObject({
    summary: "Wrote a line.",
    files: 1,
    additions: 1,
    deletions: 0,
    noChangesReason: null,
    commits: [{ oid: done?.headOid, subject: "Wrote a line.", author: spec.author.name }],
  });
  expect(await personGit(stage.remoteDir, "rev-parse", done?.branch ?? "")).toBe(
    done?.headOid ?? "",
  );
  expect(await personGit(stage.remoteDir, "show", `${done?.headOid}:line.txt`)).toBe("hello");
}, 60_000);

test("[C11] [C12] a word that does not wait interrupts the turn, and begins the next", async () => {
  const [entry] = WRITE_AND_HAND_IN.entries;
  const command = "sleep 50";
  const slow = { tools: [{ name: "bash", arguments: { command, description: "Waits" } }] };
  const turns = [slow, ...(entry?.turns ?? [])];
  // The scripted agent does not end what its shell has started.
  stage = await openStage({ name: "interrupt", entries: [{ role: "polecat", turns }] }, "kilo");
  await stage.start();
  const { town } = stage;
  await town.until(() => town.hellos[0]);
  const spec = workSpec(rigSpec(stage.remoteDir), { program: stage.program });
  await town.offer(spec);
  const { runId, fence } = spec;
  const bodies = () =>
    town.of("events", runId).flatMap(({ events }) => events.map(({ body }) => body));
  await town.until(() => bodies().find((body) => body.kind === "tool"));
  const mailId = newId("mail");
  const mail = { mailId, mode: "immediate", from: "the town", text: "Go on" };
  expect(await town.mail({ runId, fence, mail })).toEqual({ ok: true, value: null });
  expect((await town.exitOf(runId)).outcome).toBe("done");
  expect(town.of("mail_seen", runId)).toEqual([{ kind: "mail_seen", mailId }]);
}, 60_000);

test("[C11] a live agent reads a message when its turn is over, in the place of a re-prompt", async () => {
  const [entry] = WRITE_AND_HAND_IN.entries;
  const slow = { text: "# Thinking\n", pauseMs: 3_000 };
  stage = await openStage({
    name: "mail",
    entries: [{ role: "polecat", turns: [slow, ...(entry?.turns ?? [])] }],
  });
  await stage.start();
  const { town } = stage;
  await town.until(() => town.hellos[0]);
  const spec = workSpec(rigSpec(stage.remoteDir), { program: stage.program });
  await town.offer(spec);
  await town.until(() => town.of("started", spec.runId)[0]);
  const { runId, fence } = spec;
  const mailId = newId("mail");
  const mail = { mailId, mode: "wait_idle", from: "a person", text: "Use a blank line" };
  expect(await town.mail({ runId, fence, mail })).toEqual({ ok: true, value: null });
  expect(await town.mail({ runId, fence, mail })).toEqual({ ok: true, value: null });
  const stale = { epoch: fence.epoch, n: fence.n - 1 };
  expect(await town.mail({ runId, fence: stale, mail })).toMatchObject({ ok: false });
  expect((await town.exitOf(runId)).outcome).toBe("done");
  expect(town.of("mail_seen", runId)).toEqual([{ kind: "mail_seen", mailId }]);
  const prompts = town
    .of("events", runId)
    .flatMap(({ events }) => events)
    .flatMap(({ body }) => (body.kind === "prompt" ? [body.text] : []));
  expect(prompts).toHaveLength(2);
  expect(prompts[1]).toBe("Message from a person:\nUse a blank line");
  expect(await town.mail({ runId, fence, mail })).toMatchObject({ ok: false });
}, 60_000);
