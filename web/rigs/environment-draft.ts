/** A rig's environment as the fields of a form: one variable or file on each line. */
import type { CommandInput, RigEnvironment } from "../../protocol/index.ts";

export interface EnvironmentDraft {
  variables: string;
  copies: string;
  ports: number;
  teardown: string;
  polecat: string;
  refinery: string;
  polecatServers: string;
  refineryServers: string;
}

export function draftOfEnvironment(environment: RigEnvironment): EnvironmentDraft {
  const { variables, copies, ports, teardown, instructions, toolServers } = environment;
  return {
    variables: linesOf(variables),
    polecatServers: linesOf(toolServers.polecat),
    refineryServers: linesOf(toolServers.refinery),
    copies: copies.map(({ from, to }) => `${from}=${to}`).join("\n"),
    ports,
    teardown: teardown ?? "",
    polecat: instructions.polecat ?? "",
    refinery: instructions.refinery ?? "",
  };
}

function linesOf(named: Readonly<Record<string, string>>): string {
  return Object.entries(named)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n");
}

/** What a draft sends, or the line that cannot be read. */
export function environmentSet(
  draft: EnvironmentDraft,
): { set: CommandInput<"rig.update">["set"] } | { unreadable: string } {
  const variables = pairs(draft.variables);
  const copies = pairs(draft.copies);
  if (typeof variables === "string") return { unreadable: variables };
  if (typeof copies === "string") return { unreadable: copies };
  const ofPolecats = pairs(draft.polecatServers);
  const ofRefineries = pairs(draft.refineryServers);
  if (typeof ofPolecats === "string") return { unreadable: ofPolecats };
  if (typeof ofRefineries === "string") return { unreadable: ofRefineries };
  const { ports, teardown, polecat, refinery } = draft;
  return {
    set: {
      variables: Object.fromEntries(variables),
      copies: copies.map(([from, to]) => ({ from, to })),
      ports,
      teardown: teardown.trim() || null,
      toolServers: {
        polecat: Object.fromEntries(ofPolecats),
        refinery: Object.fromEntries(ofRefineries),
      },
      instructions: { polecat: polecat.trim() || null, refinery: refinery.trim() || null },
    },
  };
}

/** The parts of each line beside its first `=`, or the line without one. */
function pairs(text: string): [string, string][] | string {
  const found: [string, string][] = [];
  for (const line of text.split("\n")) {
    const equals = line.indexOf("=");
    if (line.trim() === "") continue;
    if (equals < 1) return line;
    found.push([line.slice(0, equals).trim(), line.slice(equals + 1)]);
  }
  return found;
}
