// The planted faults of sim/mutants, as far as that is cheap: `./gastown sim --mutants` plays them.
import { expect, test } from "bun:test";
import { dirname, join } from "node:path";
import { patched, readMutants } from "../../scripts/sim/planted.ts";
import { tableAfter } from "../support/markdown-table.ts";

const root = dirname(dirname(import.meta.dir));
const mutants = readMutants(root);
const MUTANTS_MIN = 40;

test("[R2] every planted fault fits the sources once, and they are still TypeScript with it", async () => {
  const parser = new Bun.Transpiler({ loader: "ts" });
  for (const { patches } of mutants) {
    const texts = new Map<string, string>();
    for (const patch of patches) {
      const { file } = patch;
      const text = texts.get(file) ?? (await Bun.file(join(root, file)).text());
      const planted = patched(text, patch);
      expect(planted).not.toBe(text);
      texts.set(file, planted);
    }
    for (const text of texts.values()) expect(() => parser.scan(text)).not.toThrow();
  }
});

test("[R2] there are many, none of them a second time, none in what is not shipped", () => {
  expect(mutants.length).toBeGreaterThanOrEqual(MUTANTS_MIN);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  for (const { file } of mutants.flatMap(({ patches }) => patches))
    expect(file).toMatch(/^(server|runner|protocol)\/.*(?<!test)\.ts$/);
});

test("[R2] the page names each with its origin, what it plants and what caught it", async () => {
  const page = await Bun.file(join(root, "docs/mutants.md")).text();
  const rows = tableAfter(page, "## Planted faults");
  expect(rows.map((row) => [row["mutant"], row["origin"], row["what it plants"]])).toEqual(
    mutants.map(({ name, origin, plants }) => [`\`${name}\``, origin, plants]),
  );
  for (const row of rows)
    expect([row["mutant"], row["caught by"]]).not.toEqual([row["mutant"], ""]);
});

test("[R2] each fault that the page speaks of is planted", async () => {
  const page = await Bun.file(join(root, "docs/mutants.md")).text();
  const [told = ""] = page.split("## Planted faults");
  const named = [...told.matchAll(/^\|[^|]*\|(.*)\|$/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
  );
  expect(named.length).toBeGreaterThanOrEqual(20);
  const planted = new Set(mutants.map(({ name }) => name));
  expect(named.filter((name) => !planted.has(name))).toEqual([]);
});
