/** Looking into stores in memory. */
import { failure } from "../../runner/git/outcome.ts";
import type { Browse } from "../../runner/works/works.ts";
import type { SimHostFiles } from "./host-files.ts";

const soon = <T>(value: T): Promise<T> => Promise.resolve(value);

export function simBrowse(host: SimHostFiles): Browse {
  const { objects } = host.forge;
  return {
    resolve: (rig, name) => {
      const store = host.store(rig.storeDir);
      const refs = [`refs/remotes/origin/${name}`, `refs/heads/${name}`];
      const named = refs.map((ref) => store.refs.get(ref)).find((found) => found !== undefined);
      const oid = named ?? (store.has(name) ? name : undefined);
      if (oid !== undefined) return soon({ ok: true, oid });
      return soon(
        failure("missing_branch", `There is no branch or commit "${name}".`, "Name one."),
      );
    },
    look: (_rig, at, { path, commits }) => {
      const files = objects.files(at.oid) ?? new Map<string, string>();
      if (commits > 0) {
        const reached = objects.newestFirst([...objects.reach(at.oid)]).slice(0, commits);
        const read = reached.flatMap((oid) => objects.commit(oid) ?? []);
        const told = read.map(({ oid, message, author, atMs }) => ({
          ...{ oid, subject: message.split("\n")[0] ?? "", author: author.name, at: atMs },
        }));
        return soon({ ok: true, found: { kind: "log", ...at, path, commits: told, isCut: false } });
      }
      const text = files.get(path);
      if (text !== undefined) {
        const whole = { bytes: text.length, isBinary: false, text, next: null };
        return soon({ ok: true, found: { kind: "file", ...at, path, ...whole } });
      }
      const prefix = path === "" ? "" : `${path}/`;
      const inside = [...files.keys()].filter((name) => name.startsWith(prefix));
      if (inside.length === 0)
        return soon(failure("missing_path", `${path} is not in ${at.ref}.`, "Look above it."));
      const names = new Set(inside.map((name) => name.slice(prefix.length).split("/")[0] ?? ""));
      const entries = [...names].map((name) => {
        const own = files.get(prefix + name);
        return own === undefined
          ? { name, kind: "folder" as const, bytes: null }
          : { name, kind: "file" as const, bytes: own.length };
      });
      return soon({ ok: true, found: { kind: "folder", ...at, path, entries, isCut: false } });
    },
  };
}
