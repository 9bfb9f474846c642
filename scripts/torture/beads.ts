// What a tortured town has to do: small pieces of work, four of which build on each other, each leaving one line.
import type { CommandValue } from "../../protocol/index.ts";
import type { Person } from "./person.ts";

export interface Piece {
  title: string;
  file: string;
  line: string;
  rig: string;
  /** The piece before it in its chain. */
  after: Piece | null;
  /** What the town has acknowledged. */
  beadId: string | null;
}

const CHAIN = 4;
const KILO_EVERY = 10;

/** `slow` is the rig whose polecats are kilo's. */
export function piecesOf(
  count: number,
  seed: number,
  { quick, slow }: { quick: string; slow: string },
): Piece[] {
  const pieces: Piece[] = [];
  for (let n = 0; n < count; n++) {
    const isSlow = n % KILO_EVERY === KILO_EVERY - 1;
    // A chain stays in one repository, so what kilo does stands alone.
    const before = isSlow || n % CHAIN === 0 ? null : (pieces[n - 1] ?? null);
    const after = before?.rig === quick ? before : null;
    const file = after?.file ?? `notes/${n}.md`;
    pieces.push({
      title: `Note ${n}`,
      file,
      line: `line ${n} of ${seed}`,
      rig: isSlow ? slow : quick,
      after,
      beadId: null,
    });
  }
  return pieces;
}

/** Slings all within about `overMs`. */
export async function slingAll(
  person: Person,
  pieces: readonly Piece[],
  overMs: number,
): Promise<void> {
  const begunMs = performance.now();
  for (const [n, piece] of pieces.entries()) {
    const dueMs = begunMs + (overMs * n) / pieces.length;
    await Bun.sleep(Math.max(0, dueMs - performance.now()));
    const bead = await person.ask("bead.sling", {
      rig: piece.rig,
      title: piece.title,
      body: `File: ${piece.file}\nLine: ${piece.line}`,
      dependsOn: piece.after?.beadId ? [piece.after.beadId] : [],
    });
    piece.beadId = bead.id;
  }
}

export type BeadsSeen = CommandValue<"bead.list">;

/** Resolves with the beads when none is open any more, or at `untilMs` of `performance.now()`. */
export async function untilEnded(
  person: Person,
  untilMs: number,
  tell: (line: string) => void,
): Promise<BeadsSeen> {
  for (;;) {
    const beads = await person.ask("bead.list", { limit: 500, archived: true });
    const ended = beads.filter(({ status }) => status === "closed" || status === "failed");
    tell(`${ended.length} of ${beads.length} beads have ended`);
    if (ended.length === beads.length || performance.now() >= untilMs) return beads;
    await Bun.sleep(5_000);
  }
}
