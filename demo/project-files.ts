import type { Theme } from "./theme.ts";

/** Text by path: the files of the sample project. */
export type Files = Readonly<Record<string, string>>;

/** The checks of the sample project: they need git, sh, coreutils and bun, and no network. */
export const SAMPLE_GATES = [
  { name: "tests", command: "bun test", timeoutMs: 60_000 },
  { name: "lint", command: "sh scripts/lint.sh", timeoutMs: 60_000 },
] as const;

/** The line of the README that the first bead replaces. */
export function plannedLine(theme: Theme): string {
  return `Counting the ${theme.items} is planned.`;
}

/** The project before any bead, in the order of its first commits. */
export function projectCommits(
  theme: Theme,
): readonly { readonly subject: string; readonly files: Files }[] {
  return [
    {
      subject: `Begin the ${theme.title}`,
      files: {
        "README.md": readme(theme),
        "package.json": packageJson(theme),
        ".gitignore": "node_modules/\n",
      },
    },
    {
      subject: `Read ${theme.items} from lines`,
      files: {
        [`src/${theme.item}.ts`]: itemSource(theme),
        [`test/${theme.item}.test.ts`]: itemTest(theme),
        "src/index.ts": indexSource(theme, []),
      },
    },
    { subject: "Check the form of the sources", files: { "scripts/lint.sh": LINT } },
  ];
}

/** `src/index.ts` with the given modules beside the item's own. */
export function indexSource(theme: Theme, modules: readonly string[]): string {
  const lines = [theme.item, ...modules].map((name) => `export * from "./${name}.ts";`);
  return [`/** Everything that the ${theme.title} offers. */`, ...lines, ""].join("\n");
}

function readme(theme: Theme): string {
  return `# ${theme.title}

A small library for the ${theme.items} of a ${theme.place}: each has a name and a number of ${theme.unit}.

${plannedLine(theme)}

## Checks

    bun test
    sh scripts/lint.sh
`;
}

function packageJson(theme: Theme): string {
  const fields = {
    name: theme.slug,
    version: "0.1.0",
    private: true,
    type: "module",
    scripts: { test: "bun test", lint: "sh scripts/lint.sh" },
  };
  return `${JSON.stringify(fields, null, 2)}\n`;
}

function itemSource({ item, type, unit, place }: Theme): string {
  return `/** One ${item} of the ${place}, and how it is read from a line. */
export interface ${type} {
  readonly name: string;
  readonly ${unit}: number;
}

/** Reads "name, 12"; anything else is an error that quotes the line. */
export function parse${type}(line: string): ${type} {
  const [name = "", amount = ""] = line.split(",").map((part) => part.trim());
  const ${unit} = Number(amount);
  if (name === "" || amount === "" || !Number.isFinite(${unit})) throw new Error(\`not a ${item}: "\${line}"\`);
  return { name, ${unit} };
}
`;
}

function itemTest({ item, type, unit, samples }: Theme): string {
  return `import { expect, test } from "bun:test";
import { parse${type} } from "../src/${item}.ts";

test("reads a name and its ${unit}", () => {
  expect(parse${type}(" ${samples[0]} , 12 ")).toEqual({ name: "${samples[0]}", ${unit}: 12 });
});

test("quotes a line that is no ${item}", () => {
  expect(() => parse${type}("${samples[1]}")).toThrow("${samples[1]}");
});
`;
}

const LINT = `#!/bin/sh
# Every source file opens with a doc comment and holds no tab, no trailing blank and no debug output.
set -eu
bad=0
tab=$(printf '\\t')
complain() {
  echo "$1" >&2
  bad=1
}
for file in src/*.ts; do
  case "$(head -n 1 "$file")" in
    "/**"*) ;;
    *) complain "$file:1: open the file with a doc comment" ;;
  esac
  if grep -n 'console\\.' "$file" >&2; then complain "$file: leave out the debug output"; fi
  if grep -n "$tab" "$file" >&2; then complain "$file: use spaces, not tabs"; fi
  if grep -n ' $' "$file" >&2; then complain "$file: cut the trailing blanks"; fi
done
[ "$bad" -eq 0 ] && echo "lint: fine"
exit "$bad"
`;
