/** Results of gates by what they ran on, so that no tree is judged twice by the same commands. */
import type { SqlDatabase } from "./disk.ts";
import { z } from "zod";
import { gateResultSchema, type GateResult } from "../../protocol/review.ts";
import { GATE_CACHE_ROWS_MAX } from "../config.ts";

const resultsSchema = z.array(gateResultSchema);

export class GateCache {
  readonly #db: SqlDatabase;

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  find(key: string): GateResult[] | null {
    const row = this.#db
      .query<{ results: string }, [string]>("select results from gate_results where key = ?")
      .get(key);
    return row === null ? null : resultsSchema.parse(JSON.parse(row.results));
  }

  keep(key: string, results: readonly GateResult[], at: number): void {
    this.#db.transaction(() => {
      this.#db
        .query(
          "insert into gate_results (key, results, at) values (?, ?, ?) on conflict (key) do update set results = excluded.results, at = excluded.at",
        )
        .run(key, JSON.stringify(results), at);
      this.#db
        .query(
          "delete from gate_results where key in (select key from gate_results order by at desc limit -1 offset ?)",
        )
        .run(GATE_CACHE_ROWS_MAX);
    });
  }
}
