/** How the host's system directories lie, as far as a sandbox shows them. */
import { existsSync, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";

export type HostLayout = {
  /** `/bin`, `/lib`, ...: links into /usr on most systems, directories on some. */
  roots: readonly { path: string; link: string | null }[];
  /** Entries of /opt, shown one by one because ours are mounted beside them. */
  optEntries: readonly string[];
};

const ROOTS = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

export function readHostLayout(): HostLayout {
  const roots = ROOTS.filter((path) => existsSync(path)).map((path) => ({
    path,
    link: lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null,
  }));
  const optEntries = existsSync("/opt")
    ? readdirSync("/opt").map((name) => join("/opt", name))
    : [];
  return { roots, optEntries };
}
