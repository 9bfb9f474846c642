import type { Git } from "./git.ts";
import { gitFailed } from "./git-errors.ts";
import { failure, type Outcome } from "./outcome.ts";
import { isOid, type Oid, oidIn } from "./porcelain.ts";

export type Person = { readonly name: string; readonly email: string };

export type NewCommit = {
  /** Null: the empty tree. */
  readonly tree: Oid | null;
  readonly parents: readonly Oid[];
  readonly message: string;
  readonly author: Person;
  readonly committer: Person;
  /** Of both, milliseconds since 1970, kept to the second. */
  readonly atMs: number;
};

export type CommitRead = {
  readonly tree: Oid;
  readonly parents: readonly Oid[];
  readonly committer: Person;
  readonly message: string;
};

/** Makes a commit in a repository without touching a ref or a tree on disk. */
export async function commitTree(
  git: Git,
  gitDir: string,
  commit: NewCommit,
  doing: string,
): Promise<Outcome<{ oid: Oid }>> {
  const tree = commit.tree === null ? await emptyTree(git, gitDir) : commit.tree;
  if (tree === null) return noEmptyTree();
  const { author, committer } = commit;
  const date = `@${Math.floor(commit.atMs / 1000)} +0000`;
  const made = await git.run({
    gitDir,
    args: ["commit-tree", tree, ...commit.parents.flatMap((parent) => ["-p", parent]), "-F", "-"],
    stdin: commit.message,
    env: {
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.email,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: committer.name,
      GIT_COMMITTER_EMAIL: committer.email,
      GIT_COMMITTER_DATE: date,
    },
  });
  const oid = oidIn(made.text);
  return made.ok && oid !== null ? { ok: true, oid } : gitFailed(made, doing);
}

async function emptyTree(git: Git, gitDir: string): Promise<Oid | null> {
  const made = await git.run({ gitDir, args: ["mktree"], stdin: "" });
  return made.ok ? oidIn(made.text) : null;
}

function noEmptyTree() {
  return failure("git_failed", "git cannot write an empty tree.", "Look at the disk.", {
    retryable: true,
  });
}

const headerPattern = /^(tree|parent|committer) (.*)$/;
const personPattern = /^(.*) <([^>]*)> \d+ [+-]\d{4}$/;

/** Reads a commit as git stores it. */
export async function readCommit(
  git: Git,
  gitDir: string,
  oid: Oid,
): Promise<Outcome<{ commit: CommitRead }>> {
  const read = await git.run({ gitDir, args: ["cat-file", "commit", oid] });
  if (!read.ok) return gitFailed(read, `reading ${oid}`);
  const end = read.text.indexOf("\n\n");
  const head = end < 0 ? read.text : read.text.slice(0, end);
  const commit = {
    tree: "",
    parents: [] as Oid[],
    committer: { name: "", email: "" },
    message: end < 0 ? "" : read.text.slice(end + 2),
  };
  for (const line of head.split("\n")) {
    const [, key, value = ""] = headerPattern.exec(line) ?? [];
    if (key === "tree") commit.tree = value;
    if (key === "parent") commit.parents.push(value);
    if (key === "committer") {
      const [, name = "", email = ""] = personPattern.exec(value) ?? [];
      commit.committer = { name, email };
    }
  }
  return isOid(commit.tree) ? { ok: true, commit } : gitFailed(read, `reading ${oid}`);
}
