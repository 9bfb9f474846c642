/** What people do about agents' questions and the answers that rigs keep. */
import { ok, refuse } from "../../../protocol/index.ts";
import { questionImage } from "../../store/images/attention-images.ts";
import { present } from "../../store/present.ts";
import { findAnswer } from "../../store/refs.ts";
import { bumpVersion } from "../../store/writes/beads.ts";
import {
  answerQuestion as writeAnswer,
  forgetAnswer,
  keepAnswer,
} from "../../store/writes/attention/questions.ts";
import type { Apply } from "../command.ts";
import { findAt } from "../find-bead.ts";

export const answerQuestion: Apply<"question.answer"> = (tx, body) => {
  const bead = findAt(tx, body.question, ["question"], "question", body.version);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  const { kind, options } = present(questionImage(tx.db, id), `question ${id}`);
  if (kind === "permission" && !options.includes(body.answer))
    return refuse("invalid_body", `answer: must be one of ${options.join(", ")}`);
  if (!writeAnswer(tx, id, "person", body.answer))
    return refuse("illegal_transition", "it was withdrawn: nobody waits for the answer any more.");
  bumpVersion(tx, id);
  if (body.remember) keepAnswer(tx, id);
  return ok(present(questionImage(tx.db, id), `question ${id}`));
};

export const dropAnswer: Apply<"answer.forget"> = (tx, body) => {
  const found = findAnswer(tx.db, body.answer);
  if (!found.ok) return found;
  forgetAnswer(tx, found.value.id);
  return ok({ id: found.value.id });
};
