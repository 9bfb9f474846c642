import { Database, type Statement } from "bun:sqlite";

/** Texts with lists of values differ by the length of the list: the cache is emptied when it holds this many. */
const STATEMENTS_MAX = 2_000;

/** Keeps compiled statements by their text, those that drizzle asks for anew included. */
export class CachingDatabase extends Database {
  readonly #statements = new Map<string, Statement>();

  /** Statements that are left open would keep the file open. */
  override close(throwOnError?: boolean): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
    super.close(throwOnError);
  }

  override prepare = ((text: string, ...rest: never[]) => {
    if (rest.length > 0) return super.prepare(text, ...rest);
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const fresh = super.prepare(text);
    if (this.#statements.size >= STATEMENTS_MAX) this.#statements.clear();
    this.#statements.set(text, fresh);
    return fresh;
  }) as Database["prepare"];
}
