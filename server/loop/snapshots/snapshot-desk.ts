/**
 * Snapshots of sessions and of beads' authors, from the runner that made them to the one that goes on: taken and given for a
 * live run alone, by whoever holds it. The bytes are gathered and written outside the tick; only that they count is decided within.
 */
import {
  ok,
  refuse,
  SNAPSHOT_CHUNK_BYTES,
  type AnyImage,
  type Fence,
  type Result,
  type SnapshotGetFrame,
  type SnapshotKeepFrame,
  type SnapshotPiece,
  type SnapshotPutFrame,
} from "../../../protocol/index.ts";
import type { Log } from "../../core.ts";
import type { Blobs } from "../../store/blobs/blobs.ts";
import type { Db } from "../../store/database.ts";
import { present } from "../../store/present.ts";
import { rowAt, valueAt } from "../../store/rows.ts";
import { runs, turns } from "../../store/schema/runs.ts";
import { snapshots } from "../../store/schema/snapshots.ts";
import type { Tx } from "../../store/tx.ts";
import { authorBlobs, keepSnapshot, namedBlobs } from "../../store/writes/snapshots/snapshots.ts";
import type { TownLoop } from "../town-loop.ts";
import { HandedBlobs } from "./handed-blobs.ts";
import { refusalToName } from "./may-name.ts";

export interface SnapshotPorts {
  db: Db;
  loop: TownLoop;
  blobs: Blobs;
  log: Log;
  /** Why this runner may not act for the run any more, or null. */
  refusal(runnerId: string, runId: string, fence: Fence): string | null;
}

interface Gathering {
  sha256: string;
  pieces: Uint8Array[];
  bytes: number;
}

export class SnapshotDesk {
  readonly #ports: SnapshotPorts;
  /** What has arrived so far, by run: one at a time. */
  readonly #gathering = new Map<string, Gathering>();
  readonly #handed: HandedBlobs;
  /** What a run fetches now. */
  #fetched: { sha256: string; bytes: Uint8Array } | null = null;
  /** What is kept of each bead's author, by bead. */
  readonly #ofAuthors: Map<string, string>;

  constructor(ports: SnapshotPorts) {
    this.#ports = ports;
    this.#handed = new HandedBlobs(ports);
    this.#ofAuthors = authorBlobs(ports.db);
    ports.loop.onChanges((_, changes) => {
      for (const { image } of changes) if (hasEnded(image)) this.#forget(image.id);
      if (changes.some(({ image }) => isOver(image))) this.#dropUnnamed();
    });
  }

  /** Blobs that no row names any more go. */
  sweep(): void {
    const { blobs, db, log } = this.#ports;
    blobs
      .keepOnly(namedBlobs(db))
      .catch((error: unknown) =>
        log.warn({ err: String(error) }, "old blobs could not be removed"),
      );
  }

  /** Takes a piece. The first one begins anew; with the last one all of it is on disk. */
  async put(runnerId: string, frame: SnapshotPutFrame): Promise<Result<null>> {
    const { runId, snapshot, offset } = frame;
    const refused =
      this.#refused(runnerId, frame) ?? refusalToName(this.#ports.db, runId, snapshot);
    if (refused !== null) {
      this.#gathering.delete(runId);
      return refused;
    }
    if (offset === 0) this.#gathering.set(runId, { sha256: snapshot.sha256, pieces: [], bytes: 0 });
    const gathering = this.#gathering.get(runId);
    const piece = Buffer.from(frame.data, "base64");
    const fits =
      gathering?.sha256 === snapshot.sha256 &&
      gathering.bytes === offset &&
      offset + piece.byteLength <= snapshot.bytes;
    if (!fits || gathering === undefined) {
      this.#gathering.delete(runId);
      return refuse("invalid_body", "this piece does not follow the last one: begin again.");
    }
    gathering.pieces.push(piece);
    gathering.bytes += piece.byteLength;
    if (gathering.bytes < snapshot.bytes) return ok(null);
    this.#gathering.delete(runId);
    const bytes = Buffer.concat(gathering.pieces);
    if (digestOf(bytes) !== snapshot.sha256)
      return refuse("invalid_body", "what arrived is not what was announced: send it again.");
    if (await this.#handed.put(runId, snapshot.sha256, bytes)) return ok(null);
    return refuse("busy", "the town's disk does not take it: try again.", { retryable: true });
  }

  /** From now on the next run of the session begins with it. Retryable while the turn's end is not stored. */
  async keep(runnerId: string, frame: SnapshotKeepFrame): Promise<Result<null>> {
    const { loop } = this.#ports;
    let unnamed: string[] = [];
    const kept = await loop.submit<null>("runner.snapshot", (tx) => {
      const refused = this.#refused(runnerId, frame);
      if (refused !== null) return refused;
      const decided = keep(tx, frame, this.#handed);
      if (!decided.ok) return decided;
      unnamed = decided.value;
      return ok(null);
    });
    if (kept.ok) this.#handed.named(frame.runId, frame.snapshot.sha256);
    await this.#handed.drop(unnamed);
    if (kept.ok) this.#noteAuthor(frame);
    return kept;
  }

  /** A piece of what the run was offered. */
  async get(runnerId: string, frame: SnapshotGetFrame): Promise<Result<SnapshotPiece>> {
    const { db, blobs } = this.#ports;
    const refused = this.#refused(runnerId, frame);
    if (refused !== null) return refused;
    const spec = rowAt(db, runs, frame.runId)?.spec;
    const { sha256, offset } = frame;
    const isOffered = spec?.kind === "session" || spec?.kind === "work";
    if (!isOffered || spec.snapshot?.sha256 !== sha256)
      return refuse("forbidden", "this run was not offered this snapshot.");
    const known = this.#fetched;
    const bytes = known?.sha256 === sha256 ? known.bytes : await blobs.get(sha256);
    if (bytes === null || bytes.byteLength !== spec.snapshot.bytes) {
      this.#fetched = null;
      return refuse("not_found", "the town has this snapshot no more.");
    }
    const end = offset + SNAPSHOT_CHUNK_BYTES;
    this.#fetched = end >= bytes.byteLength ? null : { sha256, bytes };
    return ok({ data: Buffer.from(bytes.subarray(offset, end)).toString("base64") });
  }

  /** A bead has closed or is gone, or all of a rig's are: rows went with that. */
  #dropUnnamed(): void {
    if (this.#ofAuthors.size === 0) return;
    const named = authorBlobs(this.#ports.db);
    const gone = [...this.#ofAuthors].filter(([beadId]) => !named.has(beadId));
    for (const [beadId] of gone) this.#ofAuthors.delete(beadId);
    void this.#handed.drop(gone.map(([, sha256]) => sha256));
  }

  #noteAuthor({ runId, snapshot }: SnapshotKeepFrame): void {
    const beadId = valueAt(this.#ports.db, runs.beadId, runId);
    if (beadId && snapshot.turnId === null) this.#ofAuthors.set(beadId, snapshot.sha256);
  }

  /** What it was handing over, or has handed over and nobody was told to keep. */
  #forget(runId: string): void {
    this.#gathering.delete(runId);
    void this.#handed.forget(runId);
  }

  #refused(
    runnerId: string,
    { runId, fence }: { runId: string; fence: Fence },
  ): ReturnType<typeof refuse> | null {
    const why = this.#ports.refusal(runnerId, runId, fence);
    return why === null ? null : refuse("stale_fence", why);
  }
}

function hasEnded(image: AnyImage): boolean {
  return image.kind === "run" && (image.value === null || image.value.state === "ended");
}

/** Whether a snapshot may have gone with it. */
function isOver(image: AnyImage): boolean {
  if (image.kind === "rig") return image.value === null;
  return image.kind === "issue" && (image.value === null || image.value.status === "closed");
}

/** @returns the digests that nothing names any more */
function keep(
  tx: Tx,
  { runId, snapshot }: SnapshotKeepFrame,
  handed: HandedBlobs,
): Result<string[]> {
  const refused = refusalToName(tx.db, runId, snapshot);
  if (refused !== null) return refused;
  const { turnId, sha256 } = snapshot;
  if (turnId !== null && valueAt(tx.db, turns.state, turnId) === "running")
    return refuse("busy", "the end of this turn is not known yet: try again.", { retryable: true });
  const { resource } = present(rowAt(tx.db, runs, runId), `run ${runId}`);
  if (!handed.has(runId, sha256) && valueAt(tx.db, snapshots.sha256, resource) !== sha256)
    return refuse("busy", "the town has not got it: hand it over again.", { retryable: true });
  return ok(keepSnapshot(tx, { resource, runId }, snapshot));
}

function digestOf(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}
