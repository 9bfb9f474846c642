import { worksContract } from "../../tests/contract/git/works.contract.ts";
import type { WorksStage } from "../../tests/contract/git/works-stage.ts";
import { SimForge } from "./forge.ts";
import { SimHostFiles } from "./host-files.ts";
import { simWorks } from "./works.ts";

const url = "sim:sample";
const sample = new Map([
  ["README.md", "# Sample\n"],
  ["src/a.txt", "one\ntwo\nthree\n"],
  ["src/b.txt", "b\n"],
  [".gitignore", "build/\n"],
]);

worksContract(
  "in memory",
  ({ checkout = false } = {}) => {
    const forge = new SimForge();
    const remote = forge.make(url, sample, checkout);
    const host = new SimHostFiles(forge, "/sim/runner");
    const soon = <T>(value: T): Promise<T> => Promise.resolve(value);
    const stage: WorksStage = {
      works: simWorks(host),
      remoteUrl: url,
      stray: (path, text, branch = "main") =>
        soon(forge.stray(url, branch, new Map([[path, text]]))),
      move: (ref, to) => soon(forge.move(url, ref, to)),
      remoteRefs: () => soon(remote.repository.refs),
      protectMain: () => {
        remote.denies = (ref) => ref === "refs/heads/main";
        return soon(undefined);
      },
      write: (treeDir, path, text) => {
        const files = host.filesAt(treeDir);
        if (text === null) files?.delete(path);
        else files?.set(path, text);
        return soon(undefined);
      },
      read: (treeDir, path) => soon(host.filesAt(treeDir)?.get(path) ?? null),
      [Symbol.asyncDispose]: () => soon(undefined),
    };
    return soon(stage);
  },
  5_000,
);
