import { expect, test } from "bun:test";
import { join } from "node:path";
import { isLeftOut } from "../../support/left-out.ts";
import { openWholeTown, untilLanded, untilTopic } from "../../support/whole-town.ts";
import { makeRepository } from "./repositories.ts";

const LIMIT_MS = 600_000;
const needsAgent = isLeftOut("agent") || isLeftOut("sandbox");

test.skipIf(needsAgent)(
  "[C1] an agent's call for help is decided by triage, which has its own tools alone; the bead lands",
  async () => {
    const help = { title: "Which name?", body: "The bead names none.", severity: "low" };
    const guide = {
      ...{ request: "{{user.first | /^Request 1: (\\S+)/m}}", action: "guide" },
      note: "Take any name.",
    };
    await using town = await openWholeTown({
      entries: [
        {
          ...{ role: "polecat", attempt: 1 },
          turns: [
            { tools: [{ name: "gt_escalate", arguments: help }] },
            { tools: [{ name: "gt_ask", arguments: { question: "Shall I?", wait: true } }] },
          ],
        },
        { role: "triage", turns: [{ tools: [{ name: "gt_triage_decide", arguments: guide }] }] },
      ],
    });
    const repository = await makeRepository(join(town.dir, "asked"), "bare");
    const rig = await town.client.call("rig.add", {
      ...{ remote: repository, name: "asked", delivery: "merge", codeReview: false },
      gates: [{ name: "check", command: "sh check.sh" }],
    });
    const bead = await town.client.call("bead.sling", { rig: rig.id, title: "Name it" });
    const request = await untilTopic(town, `bead:${bead.id}`, (state) =>
      state.all("triage").find((each) => each.state === "decided"),
    );
    expect(request).toMatchObject({ action: "guide", note: "Take any name.", beadId: bead.id });
    const [question] = await town.client.call("question.list", {});
    await town.client.call("question.answer", { question: question?.id ?? "", answer: "Yes." });
    await untilLanded(town, bead.id);
    const asked = town.calls.filter(({ role }) => role === "triage");
    expect(asked[0]?.tools).toEqual(["gastown_gt_triage_decide"]);
    expect(asked[0]?.requestBytes).toBeLessThanOrEqual(20 * 1024);
    const { events } = await town.client.call("bead.get", { bead: bead.id });
    expect(events.map(({ kind }) => kind)).toContain("triaged");
    const { runs } = await town.client.call("bead.get", { bead: request.id });
    expect(runs).toEqual([]);
  },
  LIMIT_MS,
);
