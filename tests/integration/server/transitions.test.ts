// Every (state, event) of the specification's tables on a real store: where it leads, what status the bead shows then, and a
// line of history; a refused one changes not a row.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { join } from "node:path";
import {
  convoyStateSchema,
  escalationStateSchema,
  mailStateSchema,
  questionStateSchema,
  reviewStateSchema,
  triageStateSchema,
} from "../../../protocol/index.ts";
import { agentEvents, agentStateOf } from "../../../server/model/agents/agent-states.ts";
import { escalationState, mailEvents } from "../../../server/model/attention-states.ts";
import { convoyEvents } from "../../../server/model/convoy-states.ts";
import { moleculeEvents, moleculeStates } from "../../../server/model/molecules/states.ts";
import { POLICY } from "../../../server/model/policy.ts";
import { issueEvents, issueStates, reviewEvents } from "../../../server/model/states.ts";
import { triageEvents } from "../../../server/model/triage.ts";
import { closeDatabase, openDatabase, type OpenDatabase } from "../../../server/store/database.ts";
import { idSource } from "../../../server/store/id-source.ts";
import {
  escalations,
  mails,
  questions,
  triageRequests,
} from "../../../server/store/schema/attention.ts";
import { agents, beads, convoys, issues, reviews } from "../../../server/store/schema/beads.ts";
import { molecules } from "../../../server/store/schema/molecules.ts";
import type { Tx } from "../../../server/store/tx.ts";
import {
  assignAgent,
  releaseAgent,
  resetAgent,
  retireAgent,
} from "../../../server/store/writes/agents.ts";
import { moveMail } from "../../../server/store/writes/attention/mails.ts";
import {
  answerQuestion,
  withdrawQuestion,
} from "../../../server/store/writes/attention/questions.ts";
import { closeTriage, endTriage } from "../../../server/store/writes/attention/triage.ts";
import { moveConvoy } from "../../../server/store/writes/convoys.ts";
import {
  acknowledgeEscalation,
  escalate,
  remindOfEscalation,
  resolveEscalation,
} from "../../../server/store/writes/escalations.ts";
import { moveIssue } from "../../../server/store/writes/issues.ts";
import { moveMolecule } from "../../../server/store/writes/molecules.ts";
import { moveReview } from "../../../server/store/writes/reviews.ts";
import { tableAfter, type TableRow } from "../../support/markdown-table.ts";
import { openWorld, type Names, type World } from "./refusals/world.ts";

const spec = await Bun.file(join(import.meta.dir, "../../../docs/spec.md")).text();
const statuses = new Map(
  tableAfter(spec, "### Status").map((row) => [`${row["type"]} ${row["state"]}`, row["status"]]),
);

let world: World;
let opened: OpenDatabase;
beforeAll(async () => {
  world = await openWorld();
  await world.stage.stop();
  const result = openDatabase(world.stage.dir.path);
  if (!result.ok) throw new Error(result.error.message);
  opened = result.value;
}, 30_000);
afterAll(async () => {
  closeDatabase(opened.raw);
  await world[Symbol.asyncDispose]();
});

interface Machine {
  id: (names: Names) => string;
  put: (tx: Tx, id: string, state: string) => void;
  read: (tx: Tx, id: string) => string | undefined;
  /** False: it was refused. */
  move: (tx: Tx, id: string, event: string) => boolean;
  /** Events of which a run's history tells. */
  quiet?: readonly string[];
}

const of = <T extends string>(all: readonly T[], text: string): T => {
  const found = all.find((each) => each === text);
  if (found === undefined) throw new Error(`${text} is none of ${all.join(", ")}`);
  return found;
};
const text = "so it went";

const issue: Machine = {
  id: ({ working }) => working,
  put: ({ db }, id, state) =>
    db
      .update(issues)
      .set({ state: of(issueStates, state) })
      .where(eq(issues.beadId, id))
      .run(),
  read: ({ db }, id) => db.select().from(issues).where(eq(issues.beadId, id)).get()?.state,
  move: (tx, id, event) => moveIssue(tx, id, of(issueEvents, event), { text }) !== null,
};

const review: Machine = {
  id: ({ review: id }) => id,
  put: ({ db }, id, state) =>
    db
      .update(reviews)
      .set({ state: of(reviewStateSchema.options, state) })
      .where(eq(reviews.beadId, id))
      .run(),
  read: ({ db }, id) => db.select().from(reviews).where(eq(reviews.beadId, id)).get()?.state,
  move: (tx, id, event) => moveReview(tx, id, of(reviewEvents, event), { text }),
};

const convoy: Machine = {
  id: ({ active }) => active,
  put: ({ db }, id, state) =>
    db
      .update(convoys)
      .set({ state: of(convoyStateSchema.options, state) })
      .where(eq(convoys.beadId, id))
      .run(),
  read: ({ db }, id) => db.select().from(convoys).where(eq(convoys.beadId, id)).get()?.state,
  move: (tx, id, event) => moveConvoy(tx, id, of(convoyEvents, event), { text }),
};

const molecule: Machine = {
  id: ({ molecule: id }) => id,
  put: ({ db }, id, state) =>
    db
      .update(molecules)
      .set({ state: of(moleculeStates, state) })
      .where(eq(molecules.beadId, id))
      .run(),
  read: ({ db }, id) => db.select().from(molecules).where(eq(molecules.beadId, id)).get()?.state,
  move: (tx, id, event) => moveMolecule(tx, id, of(moleculeEvents, event), { text }),
};

const agent: Machine = {
  quiet: ["assigned", "released"],
  id: ({ idleAgent }) => idleAgent,
  put: ({ db }, id, state) =>
    db
      .update(agents)
      .set({
        runId: state === "working" ? world.names.run : null,
        retiredAt: state === "retired" ? 1 : null,
      })
      .where(eq(agents.beadId, id))
      .run(),
  read: ({ db }, id) => {
    const row = db.select().from(agents).where(eq(agents.beadId, id)).get();
    return row && agentStateOf(row);
  },
  move: (tx, id, event) => {
    const { run } = world.names;
    switch (of(agentEvents, event)) {
      case "assigned":
        return taken(() => assignAgent(tx, id, run, null));
      case "released": {
        const before = writes();
        releaseAgent(tx, id, run);
        return writes() > before;
      }
      case "reset":
        return resetAgent(tx, id, text);
      case "retired":
        return retireAgent(tx, id, text);
    }
  },
};

/** False when it is refused as a bug: no rule would ask for it. */
function taken(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    // What was refused is seen by the state that is left.
    return false;
  }
}

const mail: Machine = {
  id: ({ mail: id }) => id,
  put: ({ db }, id, state) =>
    db
      .update(mails)
      .set({ state: of(mailStateSchema.options, state) })
      .where(eq(mails.beadId, id))
      .run(),
  read: ({ db }, id) => db.select().from(mails).where(eq(mails.beadId, id)).get()?.state,
  move: (tx, id, event) => moveMail(tx, id, of(mailEvents, event), text),
};

const question: Machine = {
  id: ({ question: id }) => id,
  put: ({ db }, id, state) =>
    db
      .update(questions)
      .set({ state: of(questionStateSchema.options, state) })
      .where(eq(questions.beadId, id))
      .run(),
  read: ({ db }, id) => db.select().from(questions).where(eq(questions.beadId, id)).get()?.state,
  move: (tx, id, event) => {
    if (event === "source_terminal") return withdrawQuestion(tx, id, text);
    const by = of(["policy", "person", "default"], event.replace("answered_by_", ""));
    return answerQuestion(tx, id, by, "yes");
  },
};

const triage: Machine = {
  id: ({ triage: id }) => id,
  put: ({ db }, id, state) =>
    db
      .update(triageRequests)
      .set({ state: of(triageStateSchema.options, state) })
      .where(eq(triageRequests.beadId, id))
      .run(),
  read: ({ db }, id) =>
    db.select().from(triageRequests).where(eq(triageRequests.beadId, id)).get()?.state,
  move: (tx, id, event) => {
    const named = of(triageEvents, event);
    if (named !== "decided") return endTriage(tx, id, named, text);
    return closeTriage(tx, id, { action: "hold", note: "", text });
  },
};

const escalation: Machine = {
  id: ({ escalation: id }) => id,
  put: ({ db }, id, state) => {
    const times = {
      open: { acknowledgedAt: null, resolvedAt: null },
      acknowledged: { acknowledgedAt: 1, resolvedAt: null },
      resolved: { acknowledgedAt: null, resolvedAt: 2 },
    }[of(escalationStateSchema.options, state)];
    db.update(escalations).set(times).where(eq(escalations.beadId, id)).run();
  },
  read: ({ db }, id) => {
    const row = db.select().from(escalations).where(eq(escalations.beadId, id)).get();
    return row && escalationState(row);
  },
  move: (tx, id, event) => {
    const row = tx.db.select().from(escalations).where(eq(escalations.beadId, id)).get();
    if (!row) throw new Error(`no escalation ${id}`);
    const { severity, source, subjectId, key } = row;
    const reminder = { severity, remindAt: tx.now + 1, text };
    const again = { title: "Again", body: text, severity, source, subjectId, key, rigId: null };
    switch (event) {
      case "acknowledged":
        return acknowledgeEscalation(tx, id);
      case "resolved":
        return resolveEscalation(tx, id, text);
      case "reminded":
        return remindOfEscalation(tx, id, reminder);
      case "raised_again":
        // A matter that was resolved is another one when it comes again.
        return escalate(tx, again) === id;
      default:
        throw new Error(`no event ${event}`);
    }
  },
};

const machines: Record<string, [heading: string, machine: Machine, feature: string]> = {
  issue: ["### Issue bead", issue, "B2"],
  review: ["### Review", review, "D4"],
  escalation: ["### Escalation", escalation, "D16"],
  convoy: ["### Convoy", convoy, "B6"],
  agent: ["### Agent", agent, "B9"],
  molecule: ["### Molecule", molecule, "B12"],
  question: ["### Question", question, "B19"],
  mail: ["### Mail", mail, "C11"],
  triage_request: ["### Request of triage", triage, "B2"],
};

const cases = Object.entries(machines).flatMap(([type, [heading, machine, feature]]) =>
  tableAfter(spec, heading).map(
    (row) => [feature, type, row["event"] ?? "", machine, row] as const,
  ),
);

test.each(cases)("[%s] %s, %s: in every state as its row says", (_, type, event, machine, row) => {
  const states = Object.keys(row).filter((column) => column !== "event");
  for (const state of states)
    expect(outcomeOf(type, event, machine, state)).toEqual(
      expected(type, row, state, machine.quiet?.includes(event) !== true),
    );
});

interface Outcome {
  state: string;
  taken: boolean;
  after: string | undefined;
  status: string | undefined;
  /** Lines of its own history. */
  lines: number;
}

function expected(type: string, row: TableRow, state: string, isTold: boolean): Outcome {
  const target = row[state] === "–" ? null : (row[state] ?? null);
  const at = target ?? state;
  const status = type === "issue" ? at : statuses.get(`${type} ${at}`);
  return {
    state,
    taken: target !== null,
    after: at,
    status,
    lines: target !== null && isTold ? 1 : 0,
  };
}

/** Applies the event in the state and takes it back; of a refused one nothing may be left to take back. */
function outcomeOf(type: string, event: string, machine: Machine, state: string): Outcome {
  const { raw, db } = opened;
  const tx = newTx();
  const id = machine.id(world.names);
  const lines = () =>
    raw
      .query<{ n: number }, [string]>("select count(*) as n from bead_events where bead_id = ?")
      .get(id)?.n ?? 0;
  raw.run("SAVEPOINT look");
  try {
    machine.put(tx, id, state);
    const status = type === "issue" ? state : statuses.get(`${type} ${state}`);
    db.update(beads)
      .set({ status: status as never })
      .where(eq(beads.id, id))
      .run();
    const [before, written] = [lines(), writes()];
    const taken = machine.move(tx, id, event);
    if (!taken && !(event === "raised_again" && state === "resolved"))
      expect(writes()).toBe(written);
    const shown = db.select().from(beads).where(eq(beads.id, id)).get()?.status;
    return { state, taken, after: machine.read(tx, id), status: shown, lines: lines() - before };
  } finally {
    raw.run("ROLLBACK TO look");
    raw.run("RELEASE look");
  }
}

/** Rows written over this connection so far. */
function writes(): number {
  return opened.raw.query<{ n: number }, []>("select total_changes() as n").get()?.n ?? 0;
}

function newTx(): Tx {
  const clock = { now: () => Date.now(), mono: () => 0 };
  const random = {
    unit: () => 0.5,
    bytes: (n: number) => crypto.getRandomValues(new Uint8Array(n)),
  };
  return {
    db: opened.db,
    now: Date.now(),
    epoch: 9,
    policy: POLICY,
    policies: { town: POLICY, defaults: POLICY, rigs: new Map() },
    newId: idSource(clock, random),
    actor: "town",
    rule: null,
    images: new Map(),
    touch: () => undefined,
  };
}
