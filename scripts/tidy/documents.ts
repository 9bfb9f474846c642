// Documents: one title each, links that lead somewhere, and the rule ids that code, documents and tests share.
import { posix } from "node:path";
import { isTest, type TextFile } from "./files.ts";
import type { Finding } from "./finding.ts";

export function checkDocuments(
  files: readonly TextFile[],
  allPaths: ReadonlySet<string>,
): Finding[] {
  const documents = files.filter(
    (file) => file.path.endsWith(".md") && !file.path.includes("/fixtures/"),
  );
  return [
    ...documents.flatMap(checkTitle),
    ...documents.flatMap((file) => checkLinks(file, allPaths)),
    ...checkRules(files),
    ...checkScenarios(files),
    ...checkBadInput(files),
  ];
}

function withoutCode(text: string): string {
  return text.replace(/^(```|~~~)[\s\S]*?^\1/gm, "");
}

function checkTitle(file: TextFile): Finding[] {
  const titles = withoutCode(file.text).match(/^# /gm)?.length ?? 0;
  return titles === 1
    ? []
    : [
        {
          check: "document-title",
          place: file.path,
          message: `has ${titles} titles (lines with one #); write exactly one.`,
        },
      ];
}

function checkLinks(file: TextFile, allPaths: ReadonlySet<string>): Finding[] {
  const links = withoutCode(file.text).matchAll(/\]\((?!\w+:|#|<)([^)\s#]+)[^)]*\)/g);
  return [...links].flatMap(([, target = ""]) => {
    const path = posix.normalize(posix.join(posix.dirname(file.path), target)).replace(/\/$/, "");
    const leads = allPaths.has(path) || [...allPaths].some((known) => known.startsWith(`${path}/`));
    return leads || path === "."
      ? []
      : [
          {
            check: "document-link",
            place: file.path,
            message: `the link to ${target} leads nowhere.`,
          },
        ];
  });
}

const ruleFile = /^server\/reconcile\/rules\/([a-z0-9-]+)\/([a-z0-9-]+)\.ts$/;

/** A rule's id is its path, and stands in its file, the specification, the table of rules and the title of a test. */
function checkRules(files: readonly TextFile[]): Finding[] {
  const spec = textOf(files, "docs/spec.md");
  const table = textOf(files, "server/reconcile/README.md");
  const titles = files.filter((file) => isTest(file.path)).flatMap((file) => titlesOf(file.text));
  const rules = files.flatMap((file) => {
    const [, noun, slug] = ruleFile.exec(file.path) ?? [];
    return noun !== undefined && slug !== undefined ? [{ file, id: `${noun}/${slug}` }] : [];
  });
  const missing = rules.flatMap(({ file, id }) => {
    const places: [name: string, has: boolean][] = [
      ["its own file, in quotes", file.text.includes(`"${id}"`)],
      ["docs/spec.md", mentions(spec, id)],
      ["server/reconcile/README.md", mentions(table, id)],
      ["the title of a test", titles.some((title) => mentions(title, id))],
    ];
    return places
      .filter(([, has]) => !has)
      .map(([name]) => ({
        check: "rule-id",
        place: file.path,
        message: `the id ${id} is missing in ${name}.`,
      }));
  });
  const ids = new Set(rules.map((rule) => rule.id));
  const rows = [...table.matchAll(/^\| *`([a-z0-9-]+\/[a-z0-9-]+)`/gm)].map(([, id = ""]) => id);
  const gone = rows
    .filter((id) => !ids.has(id))
    .map((id) => ({
      check: "rule-id",
      place: "server/reconcile/README.md",
      message: `the rule ${id} has no file.`,
    }));
  return [...missing, ...gone];
}

const SCENARIO = /SC-[A-Z]+-\d+/g;

/** Each scenario of docs/scenarios.md is in the title of a test, and each that a title names is on the page. */
function checkScenarios(files: readonly TextFile[]): Finding[] {
  const page = "docs/scenarios.md";
  const told = new Set(textOf(files, page).match(SCENARIO) ?? []);
  const tests = files.filter((file) => isTest(file.path));
  const shown = new Map(
    tests.flatMap(({ path, text }) =>
      [...text.matchAll(/\[(SC-[A-Z]+-\d+)\]/g)].map(([, id = ""]) => [id, path] as const),
    ),
  );
  const check = "scenario-id";
  return [
    ...[...told]
      .filter((id) => !shown.has(id))
      .map((id) => ({ check, place: page, message: `${id} is in the title of no test.` })),
    ...[...shown]
      .filter(([id]) => !told.has(id))
      .map(([id, place]) => ({ check, place, message: `${id} is not in ${page}.` })),
  ];
}

/** Each row of docs/hostile.md ends with words of the titles of the tests that show it. */
function checkBadInput(files: readonly TextFile[]): Finding[] {
  const page = "docs/hostile.md";
  const titles = files
    .filter(({ path }) => isTest(path))
    .flatMap(({ text }) => text.match(/["`]\[[A-Z].*["`]/g) ?? [])
    .map((title) => title.toLowerCase());
  const rows = textOf(files, page)
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| what "));
  return rows.flatMap((row) => {
    const shown = row.split("|").at(-2) ?? "";
    return shown
      .split(";")
      .map((words) => words.trim())
      .filter((words) => !titles.some((title) => title.includes(words.toLowerCase())))
      .map((words) => ({
        check: "bad-input",
        place: page,
        message: `"${words}" is in the title of no test.`,
      }));
  });
}

function textOf(files: readonly TextFile[], path: string): string {
  return files.find((file) => file.path === path)?.text ?? "";
}

function titlesOf(text: string): string[] {
  const calls =
    /\b(?:test|it|describe)(?:\.\w+(?:\([^)]*\))?)?\(\s*(["'`])((?:\\.|(?!\1)[\s\S])*)\1/g;
  return [...text.matchAll(calls)].map(([, , title = ""]) => title);
}

function mentions(text: string, id: string): boolean {
  return new RegExp(`(?<![\\w/-])${id}(?![\\w/-])`).test(text);
}
