import type { ModuleKey, Theme } from "./theme.ts";

/** Which state of a module is meant: with the care a reviewer asks for, and with a fault for a gate. */
export interface Variant {
  readonly careful: boolean;
  readonly fault: "tests" | "lint" | null;
}

/** One module of the sample project and its tests, as a polecat would write them. */
export interface ModulePlan {
  /** First line of the file, a sentence. */
  readonly purpose: string;
  /** Lines of the module between the doc comment and the marker. */
  source(theme: Theme, variant: Variant): string;
  /** Import lines beyond the module itself, and the tests. */
  test(theme: Theme, variant: Variant): string;
  /** What the reviewer says where the care is missing, and a piece of the line he says it at. */
  readonly remark: { readonly body: string; readonly at: string };
}

export const FINISHED: Variant = { careful: true, fault: null };

/** The whole text of the module's file. Its last line is the marker. */
export function moduleText(
  plan: ModulePlan,
  key: ModuleKey,
  theme: Theme,
  variant: Variant,
): string {
  const { marker, call } = theme.modules[key];
  const lines = plan.source(theme, variant).trim().split("\n");
  if (variant.fault === "lint") {
    const body = lines.findIndex((line) => line.startsWith(`export function ${call}(`));
    lines.splice(body + 1, 0, `  console.log("${call} was called");`);
  }
  return [`/** ${plan.purpose} */`, ...lines, "", marker, ""].join("\n");
}

/** The whole text of the test file. */
export function testText(plan: ModulePlan, key: ModuleKey, theme: Theme, variant: Variant): string {
  const { file, call } = theme.modules[key];
  return `import { expect, test } from "bun:test";\nimport { ${call} } from "../src/${file}.ts";\n\n${plan.test(theme, variant).trim()}\n`;
}

/** Where in the careless file the reviewer's remark belongs, from 1. */
export function remarkLine(plan: ModulePlan, key: ModuleKey, theme: Theme): number {
  const lines = moduleText(plan, key, theme, { careful: false, fault: null }).split("\n");
  return Math.max(1, lines.findIndex((line) => line.includes(plan.remark.at)) + 1);
}
