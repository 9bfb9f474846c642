/** Whose name commits carry as their author. */
import { ok } from "../../protocol/index.ts";
import { resolveAuthor } from "../model/authorship/author.ts";
import { AUTHOR_SETTING, readAuthors } from "../store/limits/authors.ts";
import { TOWN_SCOPE } from "../store/limits/policies.ts";
import { findRig } from "../store/refs.ts";
import { dropSetting, putSetting } from "../store/writes/settings.ts";
import type { Apply } from "./command.ts";

/** What is offered from now on; runs that are up keep the author they began with. */
export const setAuthor: Apply<"author.set"> = (tx, { author, rig: ref }, { hostAuthor: host }) => {
  const rig = ref === undefined ? null : findRig(tx.db, ref);
  if (rig !== null && !rig.ok) return rig;
  const rigId = rig === null ? null : rig.value.id;
  const scope = rigId ?? TOWN_SCOPE;
  if (author === null) dropSetting(tx, scope, AUTHOR_SETTING);
  else putSetting(tx, scope, AUTHOR_SETTING, author);
  return ok(resolveAuthor({ chosen: readAuthors(tx.db), host }, rigId));
};
