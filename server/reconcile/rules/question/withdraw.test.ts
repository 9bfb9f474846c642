import { expect, test } from "bun:test";
import { NOW, question, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const withdrawn = (change: Parameters<typeof question>[0]) =>
  stepsOf(reconcile(snapshot({ questions: [question(change)] })), "question/withdraw");

test.each(["closed", "failed", null])(
  "[question/withdraw] nobody is asked for a bead that is %s",
  (beadState) => {
    expect(withdrawn({ beadState })).toHaveLength(1);
    expect(withdrawn({ beadState, deadlineAt: NOW - 1, blocking: true })).toHaveLength(1);
  },
);

test.each(["open", "in_progress", "in_review", "parked"])(
  "[question/withdraw] a bead that is %s still wants its answer",
  (beadState) => {
    expect(withdrawn({ beadState })).toEqual([]);
  },
);
