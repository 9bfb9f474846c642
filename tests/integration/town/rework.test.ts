import { expect, test } from "bun:test";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import type { Issue, Run } from "../../../protocol/index.ts";
import type { ScriptInput } from "../../../scripted/script.ts";
import { eventually } from "../../kill/eventually.ts";
import { isLeftOut } from "../../support/left-out.ts";
import {
  openWholeTown,
  untilJudged,
  untilTopic,
  type WholeTown,
} from "../../support/whole-town.ts";
import { makeRepository } from "./repositories.ts";
import { oneOfThem } from "../../support/sample.ts";

const long = oneOfThem("rework by its author", 3);

const LIMIT_MS = 120_000;
const needsAgent = isLeftOut("agent") || isLeftOut("sandbox");
const SECRET = "sk-secret-of-the-rig";

const shell = (command: string) => ({
  name: "bash",
  arguments: { command, description: "write" },
});
const handIn = (summary: string) => ({ name: "gt_done", arguments: { summary } });
const SEEN = [
  "{{conversation | /The colour is (\\d+)/ ?? no colour}}",
  "{{conversation | /^(You go on in your own session)/m ?? afresh}}",
  "{{conversation | /feedback of round (\\d)/ ?? no feedback}}",
].join(", ");
/** Its gate is red at first. What its author has read is in his conversation alone. */
const ENTRIES: ScriptInput["entries"] = [
  {
    role: "polecat",
    title: "Remember",
    round: 1,
    turns: [
      {
        text: "# Reading\n",
        tools: [shell("echo bad > note.txt; echo The colour is $((40 + 2)).")],
      },
      { tools: [handIn("written")] },
      { text: "Handed in." },
    ],
  },
  {
    role: "polecat",
    title: "Remember",
    round: 2,
    // What its first request holds is told by its first call.
    turns: [
      {
        text: "# Mending\n",
        tools: [
          shell(`echo good > note.txt; echo "first: ${SEEN}, $(echo "$HOME" | grep -o /warm/)"`),
        ],
      },
      { tools: [handIn("{{tool.last | /first: (.*)/}}")] },
      { text: "Handed in again." },
    ],
  },
];

async function open(
  policy: Record<string, number> = {},
): Promise<{ town: WholeTown; sling: () => Promise<string> }> {
  const town = await openWholeTown({ entries: ENTRIES, policy });
  const remote = await makeRepository(join(town.dir, "lighthouse"), "bare");
  const gates = [
    { name: "good", command: "sleep 2; grep -qx good note.txt || ! test -e note.txt" },
  ];
  const own = { name: "lighthouse", delivery: "branch", codeReview: false, setup: "true" } as const;
  const { id: rig } = await town.client.call("rig.add", { remote, gates, ...own });
  await town.client.call("rig.secret", { rig, name: "TOKEN", value: SECRET });
  await untilJudged(town, "lighthouse");
  const sling = async () =>
    (await town.client.call("bead.sling", { rig: "lighthouse", title: "Remember" })).id;
  return { town, sling };
}

function issueIs(town: WholeTown, id: string, fits: (issue: Issue) => boolean): Promise<Issue> {
  return untilTopic(town, `bead:${id}`, (state) =>
    state.all("issue").find((each) => each.id === id && fits(each)),
  );
}

/** Its second run, which has handed in, with what it said. */
async function reworked(town: WholeTown, id: string): Promise<{ run: Run; summary: string }> {
  await issueIs(town, id, ({ status }) => status === "closed");
  const { runs, reviews } = await town.client.call("bead.get", { bead: id });
  const work = runs.filter(({ kind }) => kind === "work");
  expect(work.map(({ outcome }) => outcome)).toEqual(["done", "done"]);
  const run = work.toSorted((a, b) => a.offeredAt - b.offeredAt).at(-1);
  if (run === undefined) throw new Error("there was no second run");
  return { run, summary: reviews[0]?.rounds.at(-1)?.summary ?? "" };
}

const blobs = ({ dataDir }: WholeTown) => readdir(join(dataDir, "blobs"));

long(() =>
  test.skipIf(needsAgent)(
    "[C10] [C23] what gates returned is mended by its author, who remembers all and no secret; nothing is kept once it has landed",
    async () => {
      const { town, sling } = await open();
      await using _ = town;
      const id = await sling();
      const kept = await eventually("what the author remembers is kept", async () =>
        (await blobs(town).catch(() => [])).find((name) => !name.endsWith(".half")),
      );
      const bytes = await Bun.file(join(town.dataDir, "blobs", kept)).bytes();
      const unpacked = zstdDecompressSync(bytes);
      expect(unpacked.includes("The colour is 42")).toBe(true);
      expect(unpacked.includes(SECRET)).toBe(false);
      const { run, summary } = await reworked(town, id);
      expect(summary).toBe("42, You go on in your own session, 1, ");
      expect(run).toMatchObject({ began: { how: "resumed" }, round: 2 });
      expect(run.context?.tokens).toBeGreaterThan(0);
      await eventually("nothing is kept any more", async () =>
        (await blobs(town)).length === 0 ? true : undefined,
      );
    },
    LIMIT_MS,
  ),
);

long(() =>
  test.skipIf(needsAgent)(
    "[C10] where what its author remembers is damaged, a rework begins afresh and says so",
    async () => {
      const { town, sling } = await open();
      await using _ = town;
      const id = await sling();
      // Its gate takes a moment: the rework is not offered yet.
      await issueIs(town, id, ({ status }) => status === "in_review");
      const [name = ""] = await blobs(town);
      const path = join(town.dataDir, "blobs", name);
      const bytes = await Bun.file(path).bytes();
      await writeFile(path, bytes.fill(7, 100, 200));
      const { run, summary } = await reworked(town, id);
      expect(summary).toBe("no colour, afresh, 1, ");
      expect(run.began).toEqual({
        how: "afresh",
        why: "What was kept of the conversation is damaged.",
      });
    },
    LIMIT_MS,
  ),
);

long(() =>
  test.skipIf(needsAgent)(
    "[C10] [C21] a rework has the tree that was made ready, and its agent begins in its author's session",
    async () => {
      const { town, sling } = await open({ warmWorkMs: 60_000 });
      await using _ = town;
      const { run, summary } = await reworked(town, await sling());
      expect(summary).toBe("42, You go on in your own session, 1, /warm/");
      expect(run).toMatchObject({ began: { how: "resumed" }, round: 2 });
    },
    LIMIT_MS,
  ),
);
