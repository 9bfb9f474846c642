// A runner's git that stops before it pushes to main, as a process that is stopped does, until it is let go on.
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "./eventually.ts";

export interface HeldGit {
  /** To be searched for programs first. */
  binDir: string;
  /** Waits until a push stands still, with all of its arguments read and nothing sent. */
  reached(): Promise<void>;
  /** Lets the push that stands still, and all others, go on. */
  letGo(): Promise<void>;
  /** Waits until the push that stood still has ended: what the remote said of each ref. */
  said(): Promise<string>;
}

/** The first push to refs/heads/main is held. */
export async function heldGit(dir: string): Promise<HeldGit> {
  const git = Bun.which("git");
  if (git === null) throw new Error("git must be there to be held");
  const binDir = join(dir, "bin");
  await mkdir(binDir, { recursive: true });
  const file = (name: string): string => join(dir, name);
  const script = `#!/bin/sh
case "$*" in
  *" push "*:refs/heads/main*)
    if mkdir '${file("held")}' 2>/dev/null; then
      echo $$ >'${file("pid")}.new' && mv '${file("pid")}.new' '${file("pid")}'
      while [ ! -e '${file("let-go")}' ]; do sleep 0.05; done
      '${git}' "$@" >'${file("said")}.new'
      code=$?
      cat '${file("said")}.new'
      mv '${file("said")}.new' '${file("said")}'
      exit $code
    fi
    ;;
esac
exec '${git}' "$@"
`;
  await writeFile(join(binDir, "git"), script, { mode: 0o755 });
  const there = (name: string) => () => Promise.resolve(existsSync(file(name)) || undefined);
  return {
    binDir,
    reached: async () => void (await eventually("a push to main", there("pid"))),
    letGo: () => writeFile(file("let-go"), ""),
    said: async () => {
      await eventually("the end of the push", there("said"));
      return readFile(file("said"), "utf8");
    },
  };
}
