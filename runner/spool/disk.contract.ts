/** What every disk must do, whatever it is made of. */
import { describe, expect, test } from "bun:test";
import type { Disk, SqlDatabase } from "./disk.ts";

export interface DiskStage {
  disk: Disk;
  /** The owner dies without closing, and the disk is there for the next one. */
  kill: (db: SqlDatabase) => Disk;
}

export function diskContract(name: string, stage: () => DiskStage): void {
  describe(`disk contract: ${name}`, () => {
    test("[SIM-disk] what was committed is there for the next owner, in order", () => {
      const { disk, kill } = stage();
      const first = disk.open();
      makeTable(first);
      for (const word of ["one", "two"]) add(first, word);
      first.transaction(() => ["three", "four"].map((word) => add(first, word)));
      expect(wordsIn(kill(first).open())).toEqual(["one", "two", "three", "four"]);
    });

    test("[SIM-disk] a transaction that throws leaves nothing, one within another is part of it", () => {
      const db = stage().disk.open();
      makeTable(db);
      expect(() =>
        db.transaction(() => {
          add(db, "half");
          throw new Error("stop");
        }),
      ).toThrow("stop");
      expect(wordsIn(db)).toEqual([]);
      expect(() =>
        db.transaction(() => {
          db.transaction(() => add(db, "inner"));
          throw new Error("stop");
        }),
      ).toThrow("stop");
      expect(wordsIn(db)).toEqual([]);
    });

    test("[SIM-disk] a statement gives one row, all rows, a row at a time, or none", () => {
      const db = stage().disk.open();
      makeTable(db);
      const given = db.query<{ n: number }, [string]>(
        "insert into words (word) values (?) returning n",
      );
      expect(["a", "b", "c"].map((word) => given.get(word)?.n)).toEqual([1, 2, 3]);
      const after = db.query<{ word: string }, [number]>(
        "select word from words where n > ? order by n",
      );
      expect(after.all(1).map(({ word }) => word)).toEqual(["b", "c"]);
      expect([...after.iterate(2)].map(({ word }) => word)).toEqual(["c"]);
      expect(after.get(3)).toBeNull();
    });

    test("[SIM-disk] a setting is kept for as long as the database is open", () => {
      const db = stage().disk.open();
      db.run("pragma synchronous = full");
      expect(db.query<{ synchronous: number }, []>("pragma synchronous").get()?.synchronous).toBe(
        2,
      );
    });
  });
}

function makeTable(db: SqlDatabase): void {
  db.run("create table words (n integer primary key autoincrement, word text not null) strict");
}

function add(db: SqlDatabase, word: string): void {
  db.query<never, [string]>("insert into words (word) values (?)").run(word);
}

function wordsIn(db: SqlDatabase): string[] {
  const rows = db.query<{ word: string }, []>("select word from words order by n").all();
  return rows.map(({ word }) => word);
}
