import { expect, test } from "bun:test";
import fc from "fast-check";
import { type JournalEntry, parseJournal } from "./journal.ts";
import type { Observation, Operation } from "./operation.ts";
import type { LandingRequest } from "./request.ts";
import { refusalsMax, step } from "./steps.ts";

const oid = (n: number): string => n.toString(16).padStart(40, "0");
const request: LandingRequest = {
  beadId: "bd1",
  runId: "rn1",
  fence: 3,
  fenceIssuer: "tw1-1",
  title: "A title",
  source: oid(1),
  sourceBase: oid(2),
  target: "main",
  delivery: "merge",
  runBranch: "gastown/run/bd1/rn1",
  carries: 0,
  withdraw: false,
  convoyBranch: null,
  attribution: { author: { name: "a", email: "a@x" }, committer: { name: "c", email: "c@x" } },
};

type Walk = { journal: JournalEntry[]; operations: Operation[] };

/** Answers each operation until the machine finishes. */
function walk(
  answer: (operation: Operation) => Observation,
  wish: Partial<LandingRequest> = {},
  before: readonly JournalEntry[] = [],
): Walk {
  const journal = [...before];
  const operations: Operation[] = [];
  let observation: Observation = { kind: "started" };
  for (let n = 0; n < 500; n++) {
    const { entries, next } = step({ ...request, ...wish }, journal, observation);
    journal.push(...entries);
    operations.push(next);
    if (next.kind === "finish") return { journal, operations };
    observation = answer(next);
  }
  throw new Error("it never finishes");
}

let counter = 100;
function happy(operation: Operation): Observation {
  switch (operation.kind) {
    case "read_lane":
      return { kind: "lane_read", lane: { oid: null, mark: null } };
    case "advance_lane":
      return { kind: "lane_advanced", oid: oid(counter++) };
    case "drop_candidates":
      return { kind: "candidates_dropped" };
    case "read_target":
      return { kind: "target_read", tip: oid(3), target: oid(3), checkout: "none" };
    case "integrate":
      return { kind: "integrated", onto: oid(3), merge: oid(counter++), tree: oid(5) };
    case "run_gates":
      return { kind: "gates_green", tree: operation.tree };
    case "push":
      return {
        kind: "pushed",
        merge: operation.merge,
        lane: oid(counter++),
        offeredAs: operation.candidateRef === operation.landingRef ? null : operation.candidateRef,
      };
    case "merge_checkout":
      return { kind: "checkout_merged", merge: operation.merge };
    case "prove":
      return {
        kind: "proved",
        proof: {
          method: operation.method,
          source: oid(1),
          merge: operation.merge,
          target: operation.merge,
          landedOn: operation.landingRef,
        },
      };
    case "clean_up":
      return { kind: "cleaned", branchDeleted: true };
    case "finish":
      throw new Error("nothing follows the end");
  }
}

const kinds = ({ operations }: Walk) => operations.map(({ kind }) => kind);

test("[D2] the lane is advanced before the target is read, and proof comes before clean-up", () => {
  expect(kinds(walk(happy))).toEqual([
    "read_lane",
    "advance_lane",
    "read_target",
    "integrate",
    "run_gates",
    "push",
    "prove",
    "clean_up",
    "finish",
  ]);
});

test("[D2] whatever leaves a mark outside is in the journal before it is done, with a step number of its own", () => {
  let pushes = 0;
  const { journal } = walk((operation) =>
    operation.kind === "push" && pushes++ < 3
      ? { kind: "push_refused", reason: "stale info" }
      : happy(operation),
  );
  const steps = journal.flatMap((entry) =>
    entry.kind === "pushing" || entry.kind === "lane_advancing" ? [entry.step] : [],
  );
  expect(steps).toHaveLength(8);
  expect(new Set(steps).size).toBe(8);
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
});

test("[D2] green gates are not run again for the same tree", () => {
  let pushes = 0;
  const seen = walk((operation) =>
    operation.kind === "push" && pushes++ < 2
      ? { kind: "push_refused", reason: "stale info" }
      : happy(operation),
  );
  expect(kinds(seen).filter((kind) => kind === "run_gates")).toHaveLength(1);
  expect(kinds(seen).filter((kind) => kind === "integrate")).toHaveLength(3);
});

test("[D2] a target that never rests is given back after a fixed number of refusals", () => {
  const seen = walk((operation) =>
    operation.kind === "push" ? { kind: "push_refused", reason: "stale info" } : happy(operation),
  );
  expect(seen.operations.at(-1)).toMatchObject({
    result: { ok: false, error: { code: "target_keeps_moving" } },
  });
  expect(kinds(seen).filter((kind) => kind === "push")).toHaveLength(refusalsMax + 1);
});

test("[D2] a lane of a higher fence, or of another run with this fence, ends the engine; a lower or foreign one does not", () => {
  const held = (mark: { issuer: string; fence: number; runId: string }) =>
    walk((operation) =>
      operation.kind === "read_lane"
        ? { kind: "lane_read", lane: { oid: oid(9), mark: { ...mark, step: 1 } } }
        : happy(operation),
    );
  const superseded = { result: { ok: false, error: { code: "superseded" } } };
  expect(held({ issuer: "tw1-1", fence: 4, runId: "rn9" }).operations.at(-1)).toMatchObject(
    superseded,
  );
  expect(held({ issuer: "tw1-1", fence: 3, runId: "rn9" }).operations.at(-1)).toMatchObject(
    superseded,
  );
  for (const mark of [
    { issuer: "tw1-1", fence: 3, runId: "rn1" },
    { issuer: "tw1-1", fence: 2, runId: "rn9" },
    { issuer: "tw2-1", fence: 99, runId: "rn9" },
  ]) {
    expect(held(mark).operations.at(-1)).toMatchObject({ result: { ok: true } });
  }
});

test("[D6] a checkout is offered the candidate beside its branch; a dirty one turns the landing to the integration branch", () => {
  const at = (checkout: "clean" | "dirty") =>
    walk((operation) =>
      operation.kind === "read_target" && operation.landingRef === "refs/heads/main"
        ? { kind: "target_read", tip: oid(3), target: oid(3), checkout }
        : happy(operation),
    );
  const clean = at("clean");
  expect(kinds(clean)).toContain("merge_checkout");
  expect(clean.operations.find(({ kind }) => kind === "push")).toMatchObject({
    candidateRef: expect.stringMatching(/^refs\/gastown\/candidate\/bd1\/rn1-\d+$/),
  });
  const dirty = at("dirty");
  expect(kinds(dirty)).not.toContain("merge_checkout");
  expect(dirty.operations.at(-1)).toMatchObject({
    result: {
      ok: true,
      command: "git merge --ff-only gastown/landed/main",
      proof: { landedOn: "refs/heads/gastown/landed/main" },
    },
  });
});

test("[D2] an error of which nothing is known ends the call but not the landing", () => {
  const lost = walk((operation) =>
    operation.kind === "push"
      ? { kind: "failed", error: { code: "unreachable", message: "m", retryable: true, next: "n" } }
      : happy(operation),
  );
  expect(lost.operations.at(-1)).toMatchObject({
    result: { ok: false, error: { code: "unreachable" } },
  });
  expect(lost.journal.some(({ kind }) => kind === "ended")).toBe(false);
  const later = walk(happy, {}, lost.journal);
  expect(kinds(later).slice(0, 3)).toEqual(["read_lane", "advance_lane", "read_target"]);
  expect(later.operations.find(({ kind }) => kind === "read_target")).toMatchObject({
    merges: [expect.any(String)],
  });
});

test("[D2] from any prefix of a journal the machine goes on, ends, and never reads the target before it has the lane", () => {
  const whole = walk(happy).journal;
  fc.assert(
    fc.property(
      fc.nat(whole.length),
      fc.integer({ min: 3, max: 5 }),
      fc.array(fc.constantFrom("refuse", "move", "lose", "go"), { maxLength: 12 }),
      (length, fence, faults) => {
        const script = [...faults];
        const { operations, journal } = walk(
          (operation) => {
            const fault = script.shift() ?? "go";
            if (fault === "lose" && operation.kind !== "integrate")
              return {
                kind: "failed",
                error: { code: "unreachable", message: "m", retryable: true, next: "n" },
              };
            if (fault === "refuse" && operation.kind === "push")
              return { kind: "push_refused", reason: "stale info" };
            if (fault === "move" && operation.kind === "advance_lane")
              return { kind: "lane_refused", reason: "stale info" };
            return happy(operation);
          },
          { fence },
          whole.slice(0, length),
        );
        expect(parseJournal(JSON.parse(JSON.stringify(journal)) as unknown[])).toEqual(journal);
        let laneTaken = false;
        for (const { kind } of operations) {
          if (kind === "advance_lane") laneTaken = true;
          if (kind === "read_target" || kind === "push") expect(laneTaken).toBe(true);
          if (kind === "read_lane") laneTaken = false;
        }
        expect(operations.at(-1)?.kind).toBe("finish");
      },
    ),
    { numRuns: 300 },
  );
});

test("[D1] a withdrawal advances the lanes of the target and beside it, reads them, and pushes nothing", () => {
  const walked = walk(happy, { withdraw: true });
  const each = ["read_lane", "advance_lane", "drop_candidates", "read_target"] as const;
  expect(kinds(walked)).toEqual([...each, ...each, "finish"]);
  expect(walked.operations.at(-1)).toMatchObject({
    result: { ok: false, error: { code: "withdrawn" } },
  });
});

test("[D1] a withdrawal that finds earlier work of its bead landed proves that", () => {
  const walked = walk(
    (operation) =>
      operation.kind === "read_target"
        ? { kind: "landed_otherwise", merge: oid(9), source: oid(8) }
        : happy(operation),
    { withdraw: true },
  );
  expect(kinds(walked)).toEqual([
    "read_lane",
    "advance_lane",
    "drop_candidates",
    "read_target",
    "prove",
    "clean_up",
    "finish",
  ]);
  expect(walked.operations[4]).toMatchObject({ merge: oid(9), source: oid(8) });
  expect(walked.operations.at(-1)).toMatchObject({ result: { ok: true } });
});

test("[D1] a withdrawal that finds the work landed proves it", () => {
  const walked = walk(
    (operation) =>
      operation.kind === "read_target"
        ? { kind: "landed_before", merge: oid(9), method: "merge", landedOn: "refs/heads/main" }
        : happy(operation),
    { withdraw: true },
  );
  expect(kinds(walked)).not.toContain("push");
  expect(walked.operations.at(-1)).toMatchObject({
    result: { ok: true, proof: { merge: oid(9) } },
  });
});
