import { expect, test } from "bun:test";
import { formulaSchema, type Formula } from "../../../protocol/index.ts";
import { checkFormula, pourFormula } from "./formula.ts";

function formula(change: Record<string, unknown> = {}): Formula {
  return formulaSchema.parse({
    name: "release",
    title: "Release {{version}}",
    parameters: [
      { name: "version", description: "as in 1.2.3" },
      { name: "note", default: "none" },
    ],
    steps: [
      { key: "bump", title: "Bump to {{version}}", body: "Note: {{note}}" },
      { key: "log", title: "Write the log" },
      { key: "docs", title: "Docs", dependsOn: ["bump"] },
      { key: "news", title: "News", dependsOn: [] },
    ],
    ...change,
  });
}
const faultOf = (change: Record<string, unknown>) => {
  const checked = checkFormula(formula(change));
  return checked.ok ? "" : checked.error.message;
};
const steps = (...given: object[]) => ({ title: "x", parameters: [], steps: given });

test("[B12] steps wait for the one before, or for those they name, and carry the values", () => {
  expect(checkFormula(formula())).toEqual({ ok: true, value: null });
  const poured = pourFormula(formula(), { version: "1.2.3" });
  if (!poured.ok) throw new Error(poured.error.message);
  expect(poured.value.title).toBe("Release 1.2.3");
  expect(poured.value.parameters).toEqual({ version: "1.2.3", note: "none" });
  expect(poured.value.steps.map(({ title, waitsFor }) => [title, waitsFor])).toEqual([
    ["Bump to 1.2.3", []],
    ["Write the log", [0]],
    ["Docs", [0]],
    ["News", []],
  ]);
  expect(poured.value.steps[0]?.body).toBe("Note: none");
});

test("[B12] a value is taken as it is: no braces, dollars or names in it are read once more", () => {
  const value = "$& {{note}} $1 {{version}}";
  const poured = pourFormula(formula(), { version: "1", note: value });
  expect(poured.ok && poured.value.steps[0]?.body).toBe(`Note: ${value}`);
});

test("[B12] braces that are no parameter's name in its plain form are the repository's own", () => {
  const body = "Use ${{ secrets.KEY }} and {{ note }}.";
  const own = formula(steps({ key: "a", title: "A", body }));
  expect(checkFormula(own).ok).toBe(true);
  const poured = pourFormula(own, {});
  expect(poured.ok && poured.value.steps[0]?.body).toBe(body);
});

test("[B12] a formula that cannot be poured is refused with the step and what to do", () => {
  const a = { key: "a", title: "A" };
  expect(faultOf(steps(a, a))).toContain("same key");
  expect(faultOf(steps({ ...a, dependsOn: ["z"] }))).toContain("waits for z, which is no step");
  expect(faultOf(steps({ ...a, dependsOn: ["a"] }))).toContain("waits for itself");
  expect(faultOf(steps({ ...a, dependsOn: ["b"] }, { key: "b", title: "B" }))).toContain(
    "comes after it",
  );
  expect(faultOf(steps({ ...a, body: "{{x}}" }))).toContain("the body of step a names {{x}}");
  const twice = { parameters: [{ name: "version" }, { name: "version" }] };
  expect(faultOf(twice)).toContain("two parameters");
  expect(faultOf({ parameters: [{ name: "version" }, { name: "note" }, { name: "idle" }] })).toBe(
    "no step names the parameter idle: take it away, or use {{idle}}.",
  );
});

test("[B12] no value becomes a command: a check that names a parameter is refused", () => {
  const checks = [{ name: "t", command: "run {{version}}" }];
  const fault = faultOf({ steps: [{ key: "a", title: "{{version}} {{note}}", checks }] });
  expect(fault).toContain("a check of step a names a parameter");
});

test("[B12] values are complete, known, and leave titles and bodies within their limits", () => {
  const codes = (values: Record<string, string>) => {
    const poured = pourFormula(formula(), values);
    return poured.ok ? "" : poured.error.message;
  };
  expect(codes({})).toBe("release needs the parameter version (as in 1.2.3): give it a value.");
  expect(codes({ version: "1", oops: "2" })).toContain("no parameter oops");
  expect(codes({ version: "1", constructor: "2" })).toContain("no parameter constructor");
  expect(codes({ version: "v".repeat(200) })).toContain("the title is not one line");
  expect(codes({ version: "a\nb" })).toContain("one line");
  const long = formula({
    title: "x",
    parameters: [{ name: "p" }],
    steps: [{ key: "a", title: "A", body: "{{p}}".repeat(12_000) }],
  });
  const poured = pourFormula(long, { p: "1234567" });
  expect(poured.ok ? "" : poured.error.message).toContain("84000 characters");
});
