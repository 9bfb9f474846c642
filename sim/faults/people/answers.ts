/** What people answer and decide when they are asked, and what they say unasked. */
import type { Ack } from "../../../protocol/error.ts";
import { later, oneOf, releaseAgain, type Act, type Wish } from "./act.ts";

/** A question, most often one that is open; some answers are kept for the rig. */
export const answer: Act = (_bead, random, { play }) => {
  const wanted = random.unit() < 0.8 ? "open" : "answered";
  const questions = [...play.view.questions.values()].filter(({ state }) => state === wanted);
  const question = oneOf(questions, random);
  if (question === undefined) return null;
  const remember = random.unit() < 0.5;
  return ["question.answer", { question: question.id, answer: "Yes.", remember }];
};

const PATIENCE_MS_MAX = 3 * 60_000;

export const decide: Act = (_bead, random, { play }) => {
  const waiting = [...play.view.reviews.values()].filter(({ state }) => state === "needs_person");
  const review = oneOf(waiting, random);
  if (review === undefined) return null;
  const cancel: Wish = ["bead.cancel", { bead: review.subjectId }];
  const choice = random.below(5);
  if (choice === 0) return cancel;
  const verdict = choice === 1 ? "approve" : "request_changes";
  const body = { review: review.id, verdict, feedback: "Try once more." };
  // Whoever sends it back may lose his patience.
  return choice < 3
    ? ["review.decide", body]
    : ["review.decide", body, () => later(play, random, cancel, PATIENCE_MS_MAX)];
};

export const resolve: Act = (_bead, random, { play }) => {
  const open = [...play.view.escalations.values()].filter(({ state }) => state !== "resolved");
  const one = oneOf(open, random);
  if (one === undefined) return null;
  if (random.unit() < 0.6) return ["escalation.acknowledge", { escalation: one.id }];
  const { subjectId, triage } = one;
  const isHeld = subjectId !== null && triage?.action === "hold";
  // Whoever puts away the card of what triage holds lets it go on.
  const release = (ack: Ack) => void (ack.ok && isHeld && releaseAgain(play, subjectId));
  return ["escalation.resolve", { escalation: one.id }, release];
};

export const mail: Act = (bead, random) => {
  const mode = (["wait_idle", "queue"] as const)[random.below(2)];
  return ["mail.send", { to: bead, text: "Mind the gap.", mode, minutes: 1 + random.below(30) }];
};
