// Names of files, the form of relative imports, and the ids in the titles of tests.
import { isTest, isTypeScript, type TextFile } from "./files.ts";
import type { Finding } from "./finding.ts";

/** Words that say nothing about what a file holds. */
const emptyWords = new Set([
  "manager",
  "helper",
  "helpers",
  "util",
  "utils",
  "handler",
  "handlers",
  "info",
]);

export function checkNames(files: readonly TextFile[]): Finding[] {
  return files
    .filter((file) => isTypeScript(file.path))
    .flatMap((file) => [
      ...checkFileName(file.path),
      ...checkImports(file),
      ...(isTest(file.path) ? checkTitles(file) : []),
    ]);
}

function checkFileName(path: string): Finding[] {
  const name = path.slice(path.lastIndexOf("/") + 1).replace(/\.tsx?$/, "");
  const finding = (message: string): Finding[] => [{ check: "file-name", place: path, message }];
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/.test(name))
    return finding("write file names in kebab-case.");
  const empty =
    name.split(/[-.]/).find((word) => emptyWords.has(word)) ?? (name === "data" ? name : undefined);
  if (empty) return finding(`"${empty}" says nothing; name the file after the noun it holds.`);
  if (name === "index" && path !== "protocol/index.ts")
    return finding("only protocol/ has an index; import the file itself.");
  return [];
}

function checkImports(file: TextFile): Finding[] {
  return file.text.split("\n").flatMap((line, index) => {
    const target = /^\s*(?:import|export|\}).*\bfrom "(\.{1,2}\/[^"]+)"/.exec(line)?.[1];
    return target === undefined || /\.\w+$/.test(target)
      ? []
      : [
          {
            check: "import-extension",
            place: `${file.path}:${index + 1}`,
            message: `write "${target}" with its extension.`,
          },
        ];
  });
}

/** A title, or the title of a group in its file, begins with the id of what it proves. */
function checkTitles(file: TextFile): Finding[] {
  if (/\bdescribe(?:\.\w+)?\(\s*["'`]\[/.test(file.text)) return [];
  const titles = /^[ \t]*(?:test|it)(?:\.\w+\([^)]*\))?\(\s*["'`]([^"'`]*)/gm;
  return [...file.text.matchAll(titles)]
    .filter(([, title]) => title !== undefined && !title.startsWith("["))
    .map((match) => ({
      check: "test-title",
      place: `${file.path}:${file.text.slice(0, match.index).split("\n").length}`,
      message: `begin the title with the id of the feature or rule it proves, e.g. "[C23] ${match[1]}".`,
    }));
}
