import { expect, test } from "bun:test";
import { tempDir } from "../../../tests/support/temp-dir.ts";
import { beadEventSchema, issueSchema } from "../../../protocol/index.ts";
import { openCore } from "./core.ts";
import { storeBeads } from "./stored-beads.ts";

test("[BENCH-store] a town with copied beads opens, knows each of them, and changes one", async () => {
  await using dir = await tempDir("stored");
  const open = await storeBeads(dir.path, { closed: 30, open: 12, eventsPerBead: 4 });
  expect(open.length).toBe(12);
  await using town = await openCore(dir.path, { runnerLostMs: 1 });
  // Two were there before: the ones that were copied.
  expect((await town.call("town.status", {})).counts).toEqual({ open: 13, closed: 31 });
  // They are as the town would have left them: it finds nothing to do.
  expect(await town.call("reconcile.preview", {})).toEqual({ steps: [], faults: [] });
  const found = await town.call("bead.get", { bead: open[11]! });
  const issue = issueSchema.parse(found.bead);
  expect(issue).toMatchObject({ id: open[11]!, status: "open", outcome: null });
  expect(issue.wait?.text).toBe("no runner is connected");
  expect(found.events.map((event) => beadEventSchema.parse(event).beadId)).toEqual(
    Array.from({ length: 4 }, () => open[11]!),
  );
  const closed = await town.call("bead.close", { bead: open[0]!, outcome: "cancelled" });
  expect(closed.status).toBe("closed");
  const all = await town.call("bead.list", { limit: 100, status: "closed" });
  expect(new Set(all.map((each) => each.id)).size).toBe(32);
});
