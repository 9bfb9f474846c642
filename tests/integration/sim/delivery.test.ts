// Every row of the delivery table in a running town: production town, runner and merge engine, remotes in memory.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { deliverySchema, type Delivery, type Image, type Run } from "../../../protocol/index.ts";
import { titleOf } from "../../../sim/play/content.ts";
import { Play } from "../../../sim/play/play.ts";
import { tableAfter, type TableRow } from "../../support/markdown-table.ts";

const spec = await Bun.file(join(import.meta.dir, "../../../docs/spec.md")).text();
const rows = tableAfter(spec, "## Delivery");
const HOUR_MS = 3_600_000;
const MAIN = "refs/heads/main";

/** How a bead first landed, and what was to be seen of it then. */
interface Landed {
  ref: string;
  /** Whose repository had the landing at that ref. */
  inRemote: boolean;
  inStore: boolean;
  /** Branches of the remote that are others than before the bead was slung; those of runs aside. */
  changed: string[];
}

/** One rig with one bead, alone or in a convoy. */
interface Case {
  url: string;
  delivery: Delivery;
  codeReview: boolean;
  mode: "none" | "review-and-merge" | "review-then-land";
  before: ReadonlyMap<string, string>;
}

const play = new Play({
  seed: 5,
  size: { beads: 0, rigs: 1, runners: 1 },
  ...{ faults: [], activeMs: 1_000, traceLines: 0 },
});
const cases = new Map<string, Case>();
const landings = new Map<string, Landed>();
const kinds = new Map<string, Set<Run["kind"]>>();

beforeAll(() => {
  play.hooks.changes = (_epoch, changes) => {
    for (const { image } of changes) {
      play.view.take(image);
      if (image.kind === "issue" && image.value) see(image.value);
      if (image.kind === "run" && image.value?.beadId)
        kinds.set(
          image.value.beadId,
          new Set([...(kinds.get(image.value.beadId) ?? []), image.value.kind]),
        );
    }
  };
  let n = 0;
  for (const delivery of deliverySchema.options)
    for (const codeReview of [true, false])
      for (const mode of ["none", "review-and-merge", "review-then-land"] as const)
        begin({ delivery, codeReview, mode }, 8 * n++ + 1);
  const isOver = () => cases.size === 18 && [...cases.keys()].every((name) => settled(name));
  expect(play.world.run(isOver, 4 * HOUR_MS)).toBe(true);
}, 120_000);
afterAll(() => play.close());

function begin(how: Pick<Case, "delivery" | "codeReview" | "mode">, number: number): void {
  const name = `rig-${number}`;
  const url = `/remotes/${name}`;
  play.forge.make(url, new Map([["README.md", "# Rig\n"]]));
  const gates = [{ name: "lines", command: "check lines" }];
  const { delivery, codeReview, mode } = how;
  const rig = { name, remote: url, target: "main", delivery, codeReview, gates };
  const title = titleOf(number);
  play.people.wish("rig.add", rig, () => {
    cases.set(name, { ...how, url, before: new Map(play.forge.at(url).repository.refs) });
    if (mode === "none") return play.people.wish("bead.sling", { rig: name, title });
    const tasks = [{ key: "a", title }];
    play.people.wish("convoy.sling", { rig: name, title: name, tasks, mode });
  });
}

function rigOf(issue: Image<"issue">): string {
  return issue?.rigId === undefined ? "" : (play.view.rigs.get(issue.rigId ?? "")?.name ?? "");
}

/** The bead of a case, or what lands its convoy. */
function beadOf(name: string, landing: boolean): NonNullable<Image<"issue">> | undefined {
  return (
    [...play.view.issues.values()].find(
      (issue) => rigOf(issue) === name && issue?.landing === landing,
    ) ?? undefined
  );
}

function settled(name: string): boolean {
  const isWhole = cases.get(name)?.mode === "review-then-land";
  return beadOf(name, isWhole)?.outcome === "landed";
}

function see(issue: NonNullable<Image<"issue">>): void {
  const { id, landedOn: ref, landedOid: oid } = issue;
  const one = cases.get(rigOf(issue));
  if (ref === null || oid === null || !one || landings.has(id)) return;
  const { refs } = play.forge.at(one.url).repository;
  const names = new Set([...refs.keys(), ...one.before.keys()]);
  const changed = [...names].filter(
    (each) =>
      each.startsWith("refs/heads/") &&
      !each.startsWith("refs/heads/gastown/run/") &&
      refs.get(each) !== one.before.get(each),
  );
  const stores = play.runners.flatMap(({ host }) => [...host.files.stores()]);
  const inStore = stores.some((store) => store.refs.get(ref) === oid);
  landings.set(id, { ref, inRemote: refs.get(ref) === oid, inStore, changed });
}

const title = (row: TableRow) =>
  `${row["delivery"]}, code review ${row["code review"]}, convoy ${row["convoy"]}`;
test.each(rows.map((row) => [title(row), row] as const))(
  "[D6] [SC-WHOLE-3] %s: approved, landed and seen as the row says",
  (_, row) => {
    const [mode, part] = (row["convoy"] ?? "").split(": ");
    const isLanding = part === "the landing";
    const found = [...cases].find(
      ([, one]) =>
        one.delivery === row["delivery"] &&
        one.codeReview === (row["code review"] === "on") &&
        one.mode === mode,
    );
    if (!found) throw new Error("no case plays this row");
    const [name] = found;
    const bead = beadOf(name, isLanding);
    const landed = landings.get(bead?.id ?? "");
    if (!bead || !landed) throw new Error("nothing has landed");
    const convoy = [...play.view.convoys.values()].find((each) => each?.id === bead.convoyId);
    const own = convoy?.branch ?? "no branch";
    const place = (row["where it lands"] ?? "").replace(/`([^`]*)`.*/, "$1");
    const branch = place.replace("CONVOY", own).replace("TARGET", "main");
    const approves =
      kinds.get(bead.id)?.has("review") === true ? "green gates and the refinery" : "green gates";
    const seen = landed.changed.filter((ref) => !isLanding || ref !== `refs/heads/${own}`);
    const isStored = row["where it lands"]?.includes("in the runner's own store") === true;
    expect({ approves, ...landed, changed: seen }).toEqual({
      approves: row["who approves"] ?? "",
      ref: `refs/heads/${branch}`,
      inRemote: !isStored,
      inStore: isStored ? true : landed.inStore,
      changed: { nothing: [], "that branch": [`refs/heads/${branch}`], "the target": [MAIN] }[
        row["what of the remote changes"] ?? ""
      ] ?? ["?"],
    });
    expect(kinds.get(bead.id)?.has("check")).toBe(true);
    const gates = play.view.reviews.get(bead.reviewId ?? "")?.rounds.at(-1)?.gates;
    expect(gates?.map((gate) => [gate.name, gate.ok])).toEqual([["lines", true]]);
  },
);

test("[D6] every row is played, and nothing of a play ends otherwise", () => {
  expect(rows).toHaveLength(24);
  expect(landings.size).toBe(24);
  const outcomes = [...play.view.issues.values()].map((issue) => issue?.outcome);
  expect(outcomes).toEqual(Array(24).fill("landed"));
});
