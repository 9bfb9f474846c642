// What a tortured town has lost or done twice, by its repositories and its own words.
import { landedBeads } from "../../tests/support/landed-sample.ts";
import { personGit } from "../../tests/support/git-rig.ts";
import type { BeadsSeen, Piece } from "./beads.ts";

export interface Score {
  /** Sentences; none when everything holds. */
  faults: string[];
  landed: number;
}

/** `bares`: the repository of each rig, by the rig's id. */
export async function scoreOf(
  pieces: readonly Piece[],
  beads: BeadsSeen,
  bares: Readonly<Record<string, string>>,
): Promise<Score> {
  const faults: string[] = [];
  const byId = new Map(beads.map((bead) => [bead.id, bead]));
  const acknowledged = new Set(pieces.map(({ beadId }) => beadId));
  for (const { id, title } of beads)
    if (!acknowledged.has(id)) faults.push(`${title} (${id}) is there twice`);
  const landings = await landingsOf(bares);
  let landed = 0;
  for (const piece of pieces) {
    const { title, beadId, rig, file, line } = piece;
    const bead = beadId === null ? undefined : byId.get(beadId);
    if (bead === undefined) {
      faults.push(`${title} was acknowledged as ${beadId ?? "nothing"} and is gone`);
      continue;
    }
    const times = landings.get(bead.id) ?? 0;
    const lines = await linesOf(bares[rig] ?? "", file, line);
    if (bead.status === "closed" && times === 1 && lines === 1) landed++;
    else
      faults.push(
        `${title} (${bead.id}) is ${bead.status}, has landed ${times} times and left its line ${lines} times${whyOf(bead)}`,
      );
  }
  return { faults, landed };
}

function whyOf({ wait, failure }: BeadsSeen[number]): string {
  const why = failure?.message ?? wait?.text;
  return why === undefined ? "" : `: ${why}`;
}

async function landingsOf(bares: Readonly<Record<string, string>>): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const bare of Object.values(bares))
    for (const id of await landedBeads(bare)) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

async function linesOf(bare: string, file: string, line: string): Promise<number> {
  const text = await personGit(bare, "show", `main:${file}`).catch(() => "");
  return text.split("\n").filter((each) => each === line).length;
}
