/** Which saved work this runner has, by run, and what of it the rig's repository holds. Outlives the runs. */
import { z } from "zod";
import type { Fence } from "../../protocol/run.ts";
import type { SqlDatabase } from "./disk.ts";

export interface KeptSave {
  runId: string;
  fence: Fence;
  beadId: string;
  rig: { id: string; remote: string };
  baseOid: string;
  /** What the rig's repository had of it when the run began: its base, or saved work that it goes on from. */
  sinceOid: string;
  /** The newest save. */
  oid: string;
  /** What was seen in the rig's repository last. */
  heldOid: string | null;
  /** It belongs in the rig's repository too. */
  copies: boolean;
}

const rowSchema = z.object({
  run_id: z.string(),
  epoch: z.number(),
  n: z.number(),
  bead_id: z.string(),
  rig_id: z.string(),
  remote: z.string(),
  base_oid: z.string(),
  since_oid: z.string(),
  oid: z.string(),
  held_oid: z.string().nullable(),
  copies: z.number(),
});

export class SaveBook {
  readonly #db: SqlDatabase;

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  /** A newer save of its run, or another word of where it belongs. */
  put(save: Omit<KeptSave, "heldOid">): void {
    const { runId, fence, beadId, rig, baseOid, sinceOid, oid, copies } = save;
    const place = [fence.epoch, fence.n, beadId, rig.id, rig.remote] as const;
    this.#db
      .query(
        "insert into saves (run_id, epoch, n, bead_id, rig_id, remote, base_oid, since_oid, oid, copies) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (run_id) do update set oid = excluded.oid, copies = excluded.copies",
      )
      .run(runId, ...place, baseOid, sinceOid, oid, Number(copies));
  }

  /** The rig's repository was seen to hold this commit of the run. */
  held(runId: string, oid: string): void {
    this.#db.query("update saves set held_oid = ? where run_id = ?").run(oid, runId);
  }

  drop(runId: string): void {
    this.#db.query("delete from saves where run_id = ?").run(runId);
  }

  dropRig(rigId: string): void {
    this.#db.query("delete from saves where rig_id = ?").run(rigId);
  }

  find(runId: string): KeptSave | null {
    return this.#read("where run_id = ?", runId)[0] ?? null;
  }

  /** What the rig's repository lacks, the oldest run first. */
  owed(): KeptSave[] {
    return this.#read("where copies = 1 and held_oid is not oid order by run_id");
  }

  #read(where: string, ...params: string[]): KeptSave[] {
    const rows = this.#db.query<unknown, string[]>(`select * from saves ${where}`).all(...params);
    return rows.map((found) => {
      const row = rowSchema.parse(found);
      return {
        runId: row.run_id,
        fence: { epoch: row.epoch, n: row.n },
        beadId: row.bead_id,
        rig: { id: row.rig_id, remote: row.remote },
        baseOid: row.base_oid,
        sinceOid: row.since_oid,
        oid: row.oid,
        heldOid: row.held_oid,
        copies: row.copies === 1,
      };
    });
  }
}
