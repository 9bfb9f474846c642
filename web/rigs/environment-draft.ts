/** A rig's environment as the fields of a form: one variable or file on each line. */
import type { CommandInput, RigEnvironment } from "../../protocol/index.ts";

export interface EnvironmentDraft {
  variables: string;
  copies: string;
  ports: number;
  teardown: string;
  polecat: string;
  refinery: string;
}

export function draftOfEnvironment(environment: RigEnvironment): EnvironmentDraft {
  const { variables, copies, ports, teardown, instructions } = environment;
  return {
    variables: Object.entries(variables)
      .map(([name, value]) => `${name}=${value}`)
      .join("\n"),
    copies: copies.map(({ from, to }) => `${from}=${to}`).join("\n"),
    ports,
    teardown: teardown ?? "",
    polecat: instructions.polecat ?? "",
    refinery: instructions.refinery ?? "",
  };
}

/** What a draft sends, or the line that cannot be read. */
export function environmentSet(
  draft: EnvironmentDraft,
): { set: CommandInput<"rig.update">["set"] } | { unreadable: string } {
  const variables = pairs(draft.variables);
  const copies = pairs(draft.copies);
  if (typeof variables === "string") return { unreadable: variables };
  if (typeof copies === "string") return { unreadable: copies };
  const { ports, teardown, polecat, refinery } = draft;
  return {
    set: {
      variables: Object.fromEntries(variables),
      copies: copies.map(([from, to]) => ({ from, to })),
      ports,
      teardown: teardown.trim() || null,
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
