import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { demoScript, twoBeadScript } from "./demo-script.ts";
import { Draw } from "./draw.ts";
import { readDemoRecord, scriptOf, writeDemoRecord } from "./record.ts";
import { createSampleRepository } from "./sample-repository.ts";
import { themeOf } from "./theme.ts";
import { NOUNS, TRADES } from "./words.ts";

const MANY_SEEDS = Array.from({ length: 200 }, (_, index) => index);
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "gastown-demo-"));
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe("what a seed decides", () => {
  test("[A1] the same seed gives the same plan, other seeds other titles, files and markers", () => {
    expect(demoScript(4)).toEqual(demoScript(4));
    const [one, two, three] = [1, 2, 3].map((seed) => demoScript(seed).beads);
    for (const field of ["title", "modulePath", "marker"] as const) {
      const all = [one, two, three].flatMap((beads) => (beads ?? []).map((bead) => bead[field]));
      expect(new Set(all).size).toBe(15);
    }
  });

  test("[A1] each mishap befalls one bead, and seeds move them about and change the failing gate", () => {
    const places = new Set<string>();
    for (const seed of MANY_SEEDS) {
      const { beads } = demoScript(seed);
      expect(beads.map((bead) => bead.part).sort()).toEqual([
        "gate",
        "kill",
        "plain",
        "review",
        "silence",
      ]);
      expect(beads.filter((bead) => bead.victim === "kill").length).toBe(1);
      for (const bead of beads)
        if (bead.part === "gate") places.add(`${bead.key} ${bead.failingGate}`);
    }
    expect(places.size).toBe(10);
  });

  test("[A1] at least four beads, two of them ready at once, dependencies known and before their dependents", () => {
    const { beads } = demoScript(1);
    expect(beads.filter((bead) => bead.dependsOn.length === 0).length).toBe(2);
    for (const [index, bead] of beads.entries()) {
      const before = beads.slice(0, index).map((each) => each.key);
      expect(bead.dependsOn.filter((key) => !before.includes(key))).toEqual([]);
    }
  });

  test("[A1] no title is part of another, for every trade and noun that can be drawn", () => {
    for (const seed of MANY_SEEDS) {
      const titles = [...demoScript(seed).beads, ...twoBeadScript(seed).beads.slice(1)].map(
        (bead) => bead.title,
      );
      expect(
        titles.filter((title) => titles.some((other) => other !== title && other.includes(title))),
      ).toEqual([]);
    }
    expect(new Set(MANY_SEEDS.map((seed) => themeOf(seed).place)).size).toBe(TRADES.length);
    expect(Object.values(NOUNS).every((nouns) => new Set(nouns).size === nouns.length)).toBe(true);
  });

  test("[A1] the Mayor slings the whole plan in one call and then says so under a heading", () => {
    const { script, beads, wish } = demoScript(9);
    const mayor = script.entries[0];
    expect(wish).toMatch(/^Please /);
    const sling = mayor?.turns[1]?.tools?.[0];
    expect(sling?.name).toBe("gt_sling_convoy");
    const tasks = sling?.arguments["tasks"] as { key: string; depends_on?: string[] }[];
    expect(tasks.map((task) => [task.key, task.depends_on ?? []])).toEqual(
      beads.map((bead) => [bead.key, [...bead.dependsOn]]),
    );
    expect(mayor?.turns[2]).toMatchObject({
      text: expect.stringMatching(/^# /) as unknown as string,
    });
  });

  test("[A1] draws are even and repeatable", () => {
    const draw = new Draw(3, "dice");
    const counts = new Map<number, number>();
    for (let roll = 0; roll < 6_000; roll++) {
      const face = draw.below(6);
      counts.set(face, (counts.get(face) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(150);
    expect(new Draw(3, "a").shuffle([1, 2, 3, 4, 5])).toEqual(
      new Draw(3, "a").shuffle([1, 2, 3, 4, 5]),
    );
    expect(new Draw(3, "a").hex(12)).not.toBe(new Draw(3, "b").hex(12));
  });

  test("[A1] the words of three seeds occur nowhere outside demo/", async () => {
    const words = [1, 2, 3].flatMap((seed) => {
      const theme = themeOf(seed);
      const names = Object.values(theme.modules).flatMap((module) => [
        module.file,
        module.call,
        module.marker,
      ]);
      const titles = [...demoScript(seed).beads, ...twoBeadScript(seed).beads].map(
        (bead) => bead.title,
      );
      return [
        theme.title,
        theme.slug,
        `src/${theme.item}.ts`,
        demoScript(seed).wish,
        twoBeadScript(seed).wish,
        ...names,
        ...titles,
      ];
    });
    const root = join(import.meta.dir, "..");
    const patterns = join(dir, "patterns");
    await writeFile(patterns, `${[...new Set(words)].join("\n")}\n`);
    const child = Bun.spawn(
      ["git", "grep", "--untracked", "-lF", "-f", patterns, "--", ".", ":!demo"],
      { cwd: root, stdout: "pipe", stderr: "pipe" },
    );
    expect(await new Response(child.stdout).text()).toBe("");
    expect(await child.exited).toBe(1);
    expect(words.length).toBeGreaterThan(60);
  });
});

describe("the sample repository", () => {
  test("[A1] the same seed gives the same commits, whatever the starter's git settings", async () => {
    const [one, again, other] = [
      await createSampleRepository({ dir: join(dir, "one"), seed: 11 }),
      await createSampleRepository({ dir: join(dir, "again"), seed: 11 }),
      await createSampleRepository({ dir: join(dir, "other"), seed: 12 }),
    ];
    expect(one.head).toMatch(/^[0-9a-f]{40}$/);
    expect(again.head).toBe(one.head);
    expect(other.head).not.toBe(one.head);
    expect(await readdir(join(dir, "one"))).toEqual(["sample.git"]);
    expect(one).toMatchObject({
      target: "main",
      name: themeOf(11).slug,
      gates: [{ command: "bun test" }, { command: "sh scripts/lint.sh" }],
    });
  });

  test("[A1] [C23] it is closed to other users, and an existing one is left alone", async () => {
    const place = join(dir, "twice");
    const { bare, head } = await createSampleRepository({ dir: place, seed: 1 });
    expect((await stat(place)).mode & 0o077).toBe(0);
    await expect(createSampleRepository({ dir: place, seed: 2 })).rejects.toThrow("there already");
    const child = Bun.spawn(["git", "rev-parse", "main"], { cwd: bare, stdout: "pipe" });
    expect((await new Response(child.stdout).text()).trim()).toBe(head);
  });
});

describe("the record of a demo", () => {
  test("[A1] what is written is read again, by its owner only, and names the script", async () => {
    const place = await mkdtemp(join(dir, "record-"));
    expect(await readDemoRecord(place)).toEqual({ ok: true, record: null });
    const record = { seed: 8, script: "two-beads", repository: "/srv/sample.git" } as const;
    await writeDemoRecord(place, record);
    expect(await readDemoRecord(place)).toEqual({ ok: true, record });
    expect((await stat(join(place, "demo.json"))).mode & 0o777).toBe(0o600);
    expect(scriptOf(record)).toEqual(twoBeadScript(8).script);
    expect([
      scriptOf({ script: "demo", seed: 8 }).name,
      scriptOf({ script: "default", seed: 8 }).name,
    ]).toEqual(["demo", "default"]);
  });

  test.each(["{", "{}", '{"seed":1,"script":"other","repository":null}'])(
    "[A1] a file that holds %p is refused with a next step",
    async (text) => {
      const place = await mkdtemp(join(dir, "record-"));
      await writeFile(join(place, "demo.json"), text);
      expect(await readDemoRecord(place)).toMatchObject({
        ok: false,
        error: {
          code: "bad_demo_record",
          message: expect.stringContaining("new data directory") as unknown as string,
        },
      });
    },
  );
});
