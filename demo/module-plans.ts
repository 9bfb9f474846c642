import type { ModulePlan } from "./modules.ts";
import type { ModuleKey } from "./theme.ts";
import { capital } from "./theme.ts";

const tally: ModulePlan = {
  purpose: "Counts by name and adds up.",
  source: ({ item, items, type, unit, modules }, { careful, fault }) => `
import type { ${type} } from "./${item}.ts";

export interface ${capital(modules.tally.call)} {
  readonly count: number;
  readonly ${unit}: number;
  readonly byName: ReadonlyMap<string, number>;
}

export function ${modules.tally.call}(${items}: readonly ${type}[]): ${capital(modules.tally.call)} {
  const byName = new Map<string, number>();
  let ${unit} = 0;
  for (const ${item} of ${items}) {
${careful ? `    if (${item}.${unit} < 0) throw new RangeError(\`\${${item}.name} has negative ${unit}\`);\n` : ""}    byName.set(${item}.name, (byName.get(${item}.name) ?? ${fault === "tests" ? 1 : 0}) + 1);
    ${unit} += ${item}.${unit};
  }
  return { count: ${items}.length, ${unit}, byName };
}
`,
  test: ({ unit, samples: [one, two], modules }, { careful }) => `
test("counts by name and adds up", () => {
  const found = ${modules.tally.call}([{ name: "${one}", ${unit}: 3 }, { name: "${two}", ${unit}: 4 }, { name: "${one}", ${unit}: 5 }]);
  expect(found.count).toBe(3);
  expect(found.${unit}).toBe(12);
  expect([...found.byName]).toEqual([["${one}", 2], ["${two}", 1]]);
});
${
  careful
    ? `
test("refuses negative ${unit}", () => {
  expect(() => ${modules.tally.call}([{ name: "${one}", ${unit}: -1 }])).toThrow(RangeError);
});
`
    : ""
}`,
  remark: {
    body: "A negative amount would lower the sum without a word. Please refuse it here, with a test.",
    at: "for (const",
  },
};

const order: ModulePlan = {
  purpose: "Puts the heaviest first; equals by name.",
  source: ({ item, items, type, unit, modules }, { careful, fault }) => `
import type { ${type} } from "./${item}.ts";

export function ${modules.order.call}(${items}: readonly ${type}[]): ${type}[] {
  const sorted = ${careful ? `[...${items}]` : `${items} as ${type}[]`};
  return sorted.sort((a, b) => ${fault === "tests" ? `a.${unit} - b.${unit}` : `b.${unit} - a.${unit}`} || a.name.localeCompare(b.name));
}
`,
  test: ({ unit, samples: [one, two, three], modules }, { careful }) => `
test("puts the heaviest first and equals by name", () => {
  const sorted = ${modules.order.call}([{ name: "${two}", ${unit}: 2 }, { name: "${one}", ${unit}: 9 }, { name: "${three}", ${unit}: 2 }]);
  expect(sorted.map((each) => each.name)).toEqual(["${one}", ...["${two}", "${three}"].sort()]);
});
${
  careful
    ? `
test("leaves the given list as it is", () => {
  const given = Object.freeze([{ name: "${one}", ${unit}: 1 }, { name: "${two}", ${unit}: 2 }]);
  expect(${modules.order.call}(given)[0]?.name).toBe("${two}");
});
`
    : ""
}`,
  remark: {
    body: "This sorts the caller's own list. Please sort a copy, and show it with a frozen list in a test.",
    at: "const sorted",
  },
};

const report: ModulePlan = {
  purpose: "Writes the list as text, heaviest first, with the sum below.",
  source: ({ item, items, type, unit, modules }, { careful, fault }) => `
import type { ${type} } from "./${item}.ts";
import { ${modules.order.call} } from "./${modules.order.file}.ts";
import { ${modules.tally.call} } from "./${modules.tally.file}.ts";

export function ${modules.report.call}(${items}: readonly ${type}[]): string {
${careful ? `  if (${items}.length === 0) return "No ${items} yet.";\n` : ""}  const lines = ${modules.order.call}(${items}${fault === "tests" ? ".slice(1)" : ""}).map(({ name, ${unit} }) => \`\${name}: \${${unit}}\`);
  return [...lines, \`all: \${${modules.tally.call}(${items}).${unit}}\`].join("\\n");
}
`,
  test: ({ items, unit, samples: [one, two], modules }, { careful }) => `
test("lists the heaviest first and ends with the sum", () => {
  const text = ${modules.report.call}([{ name: "${one}", ${unit}: 3 }, { name: "${two}", ${unit}: 4 }]);
  expect(text.split("\\n")).toEqual(["${two}: 4", "${one}: 3", "all: 7"]);
});
${
  careful
    ? `
test("says so when there are none", () => {
  expect(${modules.report.call}([])).toBe("No ${items} yet.");
});
`
    : ""
}`,
  remark: {
    body: "An empty list gives a lonely sum of 0. Please say that there are none yet, with a test.",
    at: "const lines",
  },
};

const pick: ModulePlan = {
  purpose: "Takes the heaviest that fit under a limit together.",
  source: ({ item, items, type, unit, modules }, { careful, fault }) => `
import type { ${type} } from "./${item}.ts";
import { ${modules.order.call} } from "./${modules.order.file}.ts";
import { ${modules.tally.call} } from "./${modules.tally.file}.ts";

export function ${modules.pick.call}(${items}: readonly ${type}[], limit: number): ${type}[] {
${careful ? `  if (!(limit >= 0)) throw new RangeError("the limit must be 0 or more");\n` : ""}  const taken: ${type}[] = [];
  for (const ${item} of ${modules.order.call}(${items})) {
    if (${modules.tally.call}([...taken, ${item}]).${unit} ${fault === "tests" ? "<" : "<="} limit) taken.push(${item});
  }
  return taken;
}
`,
  test: ({ unit, samples: [one, two, three], modules }, { careful }) => `
test("takes the heaviest that fit together", () => {
  const all = [{ name: "${one}", ${unit}: 5 }, { name: "${two}", ${unit}: 4 }, { name: "${three}", ${unit}: 2 }];
  expect(${modules.pick.call}(all, 7).map((each) => each.name)).toEqual(["${one}", "${three}"]);
});
${
  careful
    ? `
test("refuses a limit below zero", () => {
  expect(() => ${modules.pick.call}([], -1)).toThrow(RangeError);
});
`
    : ""
}`,
  remark: {
    body: "A limit below zero is a mistake of the caller. Please refuse it before the loop, with a test.",
    at: "const taken",
  },
};

const desk: ModulePlan = {
  purpose: "The front: takes lines, answers questions about them.",
  source: ({ item, items, place, type, modules }, { careful, fault }) => `
import { parse${type} } from "./${item}.ts";
import { ${modules.pick.call} } from "./${modules.pick.file}.ts";
import { ${modules.report.call} } from "./${modules.report.file}.ts";

/** Opens the ${place} with one ${item} per line. */
export function ${modules.desk.call}(text: string) {
  const lines = text.split("\\n")${careful ? `.filter((line) => line.trim() !== "")` : ""};
  const ${items} = lines.map(parse${type});
  return {
    report: () => ${modules.report.call}(${items}${fault === "tests" ? ".slice(1)" : ""}),
    pick: (limit: number) => ${modules.pick.call}(${items}, limit).map((${item}) => ${item}.name),
  };
}
`,
  test: ({ samples: [one, two], modules }, { careful }) => `
test("answers from the given lines", () => {
  const opened = ${modules.desk.call}("${one}, 3\\n${two}, 4");
  expect(opened.report()).toBe("${two}: 4\\n${one}: 3\\nall: 7");
  expect(opened.pick(3)).toEqual(["${one}"]);
});
${
  careful
    ? `
test("passes over blank lines", () => {
  expect(${modules.desk.call}("${one}, 3\\n\\n").pick(9)).toEqual(["${one}"]);
});
`
    : ""
}`,
  remark: {
    body: "A file that ends with a newline fails here. Please pass over blank lines, with a test.",
    at: "const lines",
  },
};

const mean: ModulePlan = {
  purpose: "The mean amount.",
  source: ({ item, items, type, unit, modules }, { careful, fault }) => `
import type { ${type} } from "./${item}.ts";
import { ${modules.tally.call} } from "./${modules.tally.file}.ts";

export function ${modules.mean.call}(${items}: readonly ${type}[]): number {
  const { count, ${unit} } = ${modules.tally.call}(${items});
  return ${careful ? "count === 0 ? 0 : " : ""}${unit} / ${fault === "tests" ? "(count + 1)" : "count"};
}
`,
  test: ({ unit, samples: [one, two], modules }, { careful }) => `
test("divides the sum by the count", () => {
  expect(${modules.mean.call}([{ name: "${one}", ${unit}: 3 }, { name: "${two}", ${unit}: 5 }])).toBe(4);
});
${
  careful
    ? `
test("is 0 for none", () => {
  expect(${modules.mean.call}([])).toBe(0);
});
`
    : ""
}`,
  remark: {
    body: "With an empty list this is not a number. Please answer 0, with a test.",
    at: "return",
  },
};

export const MODULE_PLANS: Readonly<Record<ModuleKey, ModulePlan>> = {
  tally,
  order,
  report,
  pick,
  desk,
  mean,
};
