// What a person may write after `./gastown test`.
import { type Need, needs } from "./needs.ts";
import { type Part, parts } from "./parts.ts";

export interface TestArguments {
  parts: readonly Part[];
  /** Whether the parts were named; without, the kill part is a sample. */
  partsNamed: boolean;
  /** Only files whose path contains one of these. */
  filters: string[];
  without: Need[];
  seed: number | undefined;
  titlePattern: string | undefined;
}

export type Parsed = { ok: true; value: TestArguments } | { ok: false; message: string };

export const usage = `usage: ./gastown test [part…] [path…] [--without LIST] [--seed N] [-t TITLE]
parts: ${parts.map((part) => part.name).join(", ")} (all, with a sample of kill, without a name)
path: only test files whose path contains it
--without: ${needs.join(", ")}, separated by commas: leave out what needs them`;

export function parseArguments(argv: readonly string[]): Parsed {
  const value: TestArguments = {
    parts,
    partsNamed: false,
    filters: [],
    without: [],
    seed: undefined,
    titlePattern: undefined,
  };
  const named: Part[] = [];
  const queue = argv.flatMap((word) => (/^--\w+=/.test(word) ? split(word) : [word]));
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    const part = parts.find((known) => known.name === word);
    if (part) named.push(part);
    else if (!word.startsWith("-")) value.filters.push(word.replace(/^\.\//, ""));
    else {
      const message = readOption(word, queue.shift(), value);
      if (message !== undefined) return { ok: false, message };
    }
  }
  const partsNamed = named.length > 0;
  return { ok: true, value: { ...value, parts: partsNamed ? named : parts, partsNamed } };
}

function split(word: string): string[] {
  const at = word.indexOf("=");
  return [word.slice(0, at), word.slice(at + 1)];
}

/** Reads one option into `into`; returns what is wrong with it. */
function readOption(
  name: string,
  text: string | undefined,
  into: TestArguments,
): string | undefined {
  if (name !== "--without" && name !== "--seed" && name !== "-t")
    return `there is no option ${name}.`;
  if (text === undefined || text === "") return `${name} needs a value.`;
  if (name === "-t") {
    into.titlePattern = text;
    return undefined;
  }
  if (name === "--seed") {
    into.seed = Number(text);
    return /^\d{1,9}$/.test(text) ? undefined : `--seed needs a whole number, not "${text}".`;
  }
  const words = text.split(",");
  const unknown = words.find((word) => !needs.some((need) => need === word));
  into.without.push(...needs.filter((need) => words.includes(need)));
  return unknown === undefined
    ? undefined
    : `--without knows ${needs.join(", ")}, not "${unknown}".`;
}
