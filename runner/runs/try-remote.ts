/** Answers whether git gets through to a rig's repository, for a person who gives the rig a credential. */
import { refuse, type Ack } from "../../protocol/error.ts";
import type { TryRemoteFrame } from "../../protocol/runner-frames.ts";
import { repositoryRefusal } from "./diff.ts";
import type { Workplace } from "./workplace.ts";

/** Errors: `forbidden` where it may read and not write, or the repository's trouble. */
export async function tryRemote(
  { rigs, works }: Pick<Workplace, "rigs" | "works">,
  { rig: spec, credential }: TryRemoteFrame,
): Promise<Ack<null>> {
  const opened = await rigs.open(spec);
  if (!opened.ok) return repositoryRefusal(opened.error);
  const tried = await works.rigs.attempt(opened.rig, credential);
  if (tried.ok) return { ok: true, value: null };
  const { code, message, next } = tried.error;
  if (code === "push_refused") return refuse("forbidden", `${message} ${next}`);
  return repositoryRefusal(tried.error);
}
