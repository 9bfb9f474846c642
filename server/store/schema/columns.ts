import { integer, text } from "drizzle-orm/sqlite-core";

/** Column kinds that every table shares. Times are ms since 1970; JSON columns are parsed on read. */
export const at = (name: string) => integer(name);
export const flag = (name: string) => integer(name, { mode: "boolean" });
export const json = <T>(name: string) => text(name, { mode: "json" }).$type<T>();
