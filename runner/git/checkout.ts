import type { Git } from "./git.ts";
import { spoken } from "./git-errors.ts";
import type { Outcome } from "./outcome.ts";
import type { Oid } from "./porcelain.ts";

export type CheckoutState = "clean" | "dirty";
export type CheckoutMove = {
  readonly branch: string;
  readonly expected: Oid;
  /** The ref of the checkout's repository that offers `merge`: it is merged by this name, so that who deletes the ref takes the offer back. */
  readonly candidateRef: string;
  readonly merge: Oid;
};
/** `moved`: its branch, or its candidate, is elsewhere now; `dirty`: git would have to overwrite something. */
export type CheckoutMoved = {
  readonly result: "merged" | "moved" | "dirty";
  readonly reason: string;
};

/** Files in a git folder that say a person is in the middle of something. */
const unfinished = [
  "MERGE_HEAD",
  "CHERRY_PICK_HEAD",
  "REVERT_HEAD",
  "BISECT_LOG",
  "rebase-merge",
  "rebase-apply",
  "index.lock",
];

/** Whether a person's checkout has nothing that a fast-forward could disturb. Untracked files may stay: git refuses by itself where they are in the way. */
export async function checkoutState(
  git: Git,
  workTree: string,
  personHome: string,
): Promise<CheckoutState> {
  const status = await git.run({
    args: ["-C", workTree, "status", "--porcelain", "--untracked-files=no"],
    personHome,
  });
  if (!status.ok || status.text !== "") return "dirty";
  const places = await git.run({
    args: [
      "-C",
      workTree,
      "rev-parse",
      "--path-format=absolute",
      ...unfinished.flatMap((name) => ["--git-path", name]),
    ],
    personHome,
  });
  if (!places.ok) return "dirty";
  for (const path of places.text.trim().split("\n")) {
    if (await Bun.file(path).exists()) return "dirty";
  }
  return "clean";
}

/** Moves a person's checkout forward to the commit that its candidate ref holds, and nothing else. */
export async function fastForwardCheckout(
  git: Git,
  workTree: string,
  personHome: string,
  wish: CheckoutMove,
): Promise<Outcome<CheckoutMoved>> {
  const head = await git.run({ args: ["-C", workTree, "symbolic-ref", "-q", "HEAD"], personHome });
  if (head.text.trim() !== `refs/heads/${wish.branch}`)
    return { ok: true, result: "dirty", reason: "another branch is checked out" };
  const at = await git.run({ args: ["-C", workTree, "rev-parse", "HEAD"], personHome });
  if (at.text.trim() === wish.merge) return { ok: true, result: "merged", reason: "" };
  if (at.text.trim() !== wish.expected)
    return { ok: true, result: "moved", reason: `${wish.branch} has moved` };
  if ((await checkoutState(git, workTree, personHome)) === "dirty")
    return { ok: true, result: "dirty", reason: "the checkout has changes" };
  const merged = await git.run({
    args: ["-C", workTree, "merge", "--ff-only", "--no-stat", wish.candidateRef],
    personHome,
  });
  if (merged.ok) return { ok: true, result: "merged", reason: "" };
  const offer = ["-C", workTree, "rev-parse", "--verify", "--quiet", wish.candidateRef];
  const offered = await git.run({ args: offer, personHome });
  if (offered.text.trim() !== wish.merge)
    return { ok: true, result: "moved", reason: "the candidate was taken back" };
  const reason = spoken(merged);
  return {
    ok: true,
    result: /not possible to fast-forward/i.test(reason) ? "moved" : "dirty",
    reason,
  };
}
