/** A runner in one line, for `gastown status` and `gastown runner list`. */
import type { HostFigures, Runner, RunnerRight } from "../../../protocol/index.ts";

export const runnerHeadings: readonly string[] =
  "runner state slots agents rights labels host isolation".split(" ");

export function runnerCells(runner: Runner): string[] {
  return [
    runner.name,
    standing(runner),
    String(runner.slots),
    runner.programs.join(", ") || "none",
    runner.rights.join(", ") || "none",
    runner.labels.join(", "),
    hostWords(runner.host),
    runner.isolationReason ?? runner.isolation,
  ];
}

/** Whether it is there, and whether it is to stay. */
function standing({ state, leavingAt, away, revokedAt }: Runner): string {
  if (revokedAt !== null) return `revoked since ${at(revokedAt)}`;
  const going = [];
  if (leavingAt !== null) going.push(`stopping since ${at(leavingAt)}`);
  if (away !== null) {
    const why = away.reason === "" ? "" : ` (${away.reason})`;
    going.push(`away since ${at(away.at)} by ${away.by.replace(/^person:/, "")}${why}`);
  }
  return [state, ...going].join(", ");
}

function at(ms: number): string {
  return new Date(ms).toLocaleString("sv-SE").slice(0, 16);
}

function hostWords(host: HostFigures | null): string {
  if (host === null) return "";
  if (host.refuses !== null) return `full: ${host.refuses.why}`;
  const gigabytes = (bytes: number) => `${(bytes / 1024 ** 3).toFixed(1)} GB`;
  const agents =
    host.agentSlots === undefined || host.agentBytes === undefined
      ? ""
      : `, room for ${host.agentSlots} agents of ${Math.round(host.agentBytes / 1024 ** 2)} MB`;
  return `${gigabytes(host.memoryFreeBytes)} memory, ${gigabytes(host.diskFreeBytes)} disk free, load ${host.load1.toFixed(1)}/${host.cores}${agents}`;
}

/** What it may do, as the end of a sentence. */
export function mayWords(rights: readonly RunnerRight[]): string {
  const lands = rights.includes("merge");
  if (rights.includes("model"))
    return `have the model's key, and land ${lands ? "work" : "nothing"}`;
  return `land ${lands ? "work" : "nothing"}, and has no key: its agents call the model through the town`;
}
