/** What a formula must be besides its shape, and what its steps become with values for its parameters. */
import {
  BODY_CHARS_MAX,
  ok,
  refuse,
  TITLE_CHARS_MAX,
  type Formula,
  type FormulaStep,
  type Result,
} from "../../../protocol/index.ts";

/** A step as it becomes a bead: `waitsFor` are indexes of steps before it. */
export interface PouredStep extends Pick<FormulaStep, "key" | "title" | "body" | "priority"> {
  checks: FormulaStep["checks"];
  waitsFor: readonly number[];
}
export interface Poured {
  title: string;
  parameters: Readonly<Record<string, string>>;
  steps: readonly PouredStep[];
}

/** Other braces are left alone: `${{ secrets.X }}` or `{{ x }}` may be a repository's own words. */
const PLACEHOLDER = /\{\{([a-z][a-z0-9_]*)\}\}/g;

function namesIn(text: string): string[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, name = ""]) => name);
}

/** What is wrong with it, for a person, or ok. Nothing is poured from a formula that was not checked. */
export function checkFormula(formula: Formula): Result<null> {
  const fault = parameterFault(formula) ?? stepsFault(formula);
  return fault === null ? ok(null) : refuse("invalid_body", fault);
}

function parameterFault({ parameters, title, steps }: Formula): string | null {
  const declared = new Set(parameters.map(({ name }) => name));
  if (declared.size !== parameters.length)
    return "two parameters have the same name. Give each its own.";
  const texts = [
    { where: "the title", text: title ?? "" },
    ...steps.flatMap(({ key, title: of, body }) => [
      { where: `the title of step ${key}`, text: of },
      { where: `the body of step ${key}`, text: body },
    ]),
  ];
  for (const { where, text } of texts) {
    const unknown = namesIn(text).find((name) => !declared.has(name));
    if (unknown !== undefined)
      return `${where} names {{${unknown}}}, which is no parameter. Declare it, or write it with spaces: {{ ${unknown} }}.`;
  }
  const check = steps.find((step) =>
    step.checks.some(({ command }) => namesIn(command).length > 0),
  );
  // A value may come from an agent, and a check is a command that people alone decide.
  if (check)
    return `a check of step ${check.key} names a parameter: checks are commands, and are taken as they are written.`;
  const used = new Set(texts.flatMap(({ text }) => namesIn(text)));
  const idle = parameters.find(({ name }) => !used.has(name));
  return idle
    ? `no step names the parameter ${idle.name}: take it away, or use {{${idle.name}}}.`
    : null;
}

function stepsFault({ steps }: Formula): string | null {
  const keys = steps.map(({ key }) => key);
  if (new Set(keys).size !== keys.length) return "two steps have the same key. Give each its own.";
  for (const [at, { key, dependsOn = [] }] of steps.entries()) {
    for (const on of dependsOn) {
      const found = keys.indexOf(on);
      if (found < 0) return `step ${key} waits for ${on}, which is no step of this formula.`;
      if (found === at) return `step ${key} waits for itself.`;
      if (found > at)
        return `step ${key} waits for ${on}, which comes after it: a step waits for steps above it. Change their order.`;
    }
  }
  return null;
}

/**
 * The steps with values in place of their placeholders. A value is taken as it is: braces in it stand for nothing.
 * Errors: invalid_body for a parameter that is missing or unknown, and for a text that becomes too long.
 */
export function pourFormula(
  formula: Formula,
  given: Readonly<Record<string, string>>,
): Result<Poured> {
  const known = new Set(formula.parameters.map(({ name }) => name));
  const unknown = Object.keys(given).find((name) => !known.has(name));
  if (unknown !== undefined) {
    const names = [...known].join(", ");
    return refuse(
      "invalid_body",
      `${formula.name} has no parameter ${unknown}. ${names === "" ? "It has none." : `It has: ${names}.`}`,
    );
  }
  const values = new Map<string, string>();
  for (const { name, description, default: instead } of formula.parameters) {
    const value = Object.hasOwn(given, name) ? given[name] : instead;
    if (value === undefined)
      return refuse(
        "invalid_body",
        `${formula.name} needs the parameter ${name}${description === "" ? "" : ` (${description})`}: give it a value.`,
      );
    values.set(name, value);
  }
  const fill = (text: string) =>
    text.replace(PLACEHOLDER, (_, name: string) => values.get(name) ?? "");
  const poured = {
    title: fill(formula.title ?? formula.name).trim(),
    parameters: Object.fromEntries(values),
    steps: formula.steps.map((step, at) => ({
      ...step,
      title: fill(step.title).trim(),
      body: fill(step.body),
      waitsFor: waitsFor(formula, at),
    })),
  };
  const fault = lengthFault(poured);
  return fault === null ? ok(poured) : refuse("invalid_body", fault);
}

function waitsFor({ steps }: Formula, at: number): number[] {
  const keys = steps[at]?.dependsOn;
  if (keys === undefined) return at === 0 ? [] : [at - 1];
  return [...new Set(keys)].map((key) => steps.findIndex((step) => step.key === key));
}

function lengthFault({ title, steps }: Poured): string | null {
  if (title === "" || title.length > TITLE_CHARS_MAX || /[\r\n]/.test(title))
    return `with these values, the title is not one line of 1 to ${TITLE_CHARS_MAX} characters.`;
  for (const step of steps) {
    if (step.title === "" || step.title.length > TITLE_CHARS_MAX || /[\r\n]/.test(step.title))
      return `with these values, the title of step ${step.key} is not one line of 1 to ${TITLE_CHARS_MAX} characters.`;
    if (step.body.length > BODY_CHARS_MAX)
      return `the body of step ${step.key} has ${step.body.length} characters with these values; ${BODY_CHARS_MAX} are allowed.`;
  }
  return null;
}
