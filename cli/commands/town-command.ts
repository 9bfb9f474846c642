/** What the commands that ask a running town have in common. */
import type { Command } from "commander";
import { Complaint } from "../complaint.ts";
import { dataDirOf } from "../data-dir.ts";
import type { TownClient } from "../town-client.ts";

export interface TownOptions {
  data?: string;
  demo?: boolean;
  json?: boolean;
}

/** A command with the options that say which town is meant and how it answers. */
export function townCommand(parent: Command, usage: string, summary: string): Command {
  return parent
    .command(usage)
    .description(summary)
    .option("--data <dir>", "data directory of the town")
    .option("--demo", "the demo's town")
    .option("--json", "print JSON");
}

export async function withTownOf<T>(
  options: TownOptions,
  act: (town: TownClient) => Promise<T>,
): Promise<T> {
  // Loaded only here: a town that starts asks none.
  const { withTown } = await import("../town-client.ts");
  return withTown(dataDirOf(options), act);
}

/** Text from a file, or from standard input for `-`. */
export async function readText(path: string): Promise<string> {
  if (path === "-") return Bun.stdin.text();
  const file = Bun.file(path);
  if (!(await file.exists())) throw new Complaint(`There is no file ${path}.`, 2);
  return file.text();
}

/** @throws Complaint that names the place when the text is not JSON */
export function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Complaint(`${place} is not JSON: ${error.message}.`, 2);
  }
}

/** For options that may be given several times. */
export function collect(value: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), value];
}

/** A whole number from `min` to `max`. */
export function wholeNumber(name: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new Complaint(`${name} must be a whole number from ${min} to ${max}, not "${text}".`, 2);
  };
}

/** One of some words. */
export function oneOf<const W extends string>(
  name: string,
  words: readonly W[],
): (text: string) => W {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new Complaint(`${name} must be one of ${words.join(", ")}, not "${text}".`, 2);
  };
}
