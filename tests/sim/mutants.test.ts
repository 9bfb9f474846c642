// The planted faults of sim/mutants, as far as that is cheap: `./gastown sim --mutants` plays them.
import { expect, test } from "bun:test";
import { dirname, join } from "node:path";
import { patched, readMutants } from "../../scripts/sim/planted.ts";

const root = dirname(dirname(import.meta.dir));
const mutants = readMutants(root);
const MUTANTS_MIN = 40;

test("[R2] every planted fault fits the sources once, and they are still TypeScript with it", async () => {
  const parser = new Bun.Transpiler({ loader: "ts" });
  for (const patch of mutants.flatMap(({ patches }) => patches)) {
    const text = await Bun.file(join(root, patch.file)).text();
    const planted = patched(text, patch);
    expect(planted).not.toBe(text);
    expect(() => parser.scan(planted)).not.toThrow();
  }
});

test("[R2] there are many, none of them a second time, none in what is not shipped", () => {
  expect(mutants.length).toBeGreaterThanOrEqual(MUTANTS_MIN);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  for (const { file } of mutants.flatMap(({ patches }) => patches))
    expect(file).toMatch(/^(server|runner|protocol)\/.*(?<!test)\.ts$/);
});
