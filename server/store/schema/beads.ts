/** The universal record and the satellites that own each type's state. */
import { sql } from "drizzle-orm";
import {
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import type {
  BeadStatus,
  BeadType,
  CloseOutcome,
  Closing,
  Taken,
  ConvoyMode,
  Delivery,
  FailureReason,
  Gate,
  Priority,
  Proof,
  ReviewState,
  Role,
  Round,
  Wait,
} from "../../../protocol/index.ts";
import type { ConvoyState } from "../../model/convoy-states.ts";
import type { IssueState } from "../../model/states.ts";
import { at, flag, json } from "./columns.ts";

export const beads = sqliteTable(
  "beads",
  {
    id: text("id").primaryKey(),
    type: text("type").$type<BeadType>().notNull(),
    status: text("status").$type<BeadStatus>().notNull(),
    title: text("title").notNull(),
    body: text("body").notNull().default(""),
    rigId: text("rig_id"),
    parentId: text("parent_id"),
    assigneeId: text("assignee_id"),
    priority: text("priority").$type<Priority>().notNull().default("medium"),
    labels: json<string[]>("labels").notNull().default([]),
    held: flag("held").notNull().default(false),
    archivedAt: at("archived_at"),
    /** Counts what people edit; machine facts do not touch it. */
    version: integer("version").notNull().default(1),
    createdBy: text("created_by").notNull(),
    createdAt: at("created_at").notNull(),
    updatedAt: at("updated_at").notNull(),
    closedAt: at("closed_at"),
  },
  (t) => [
    index("beads_by_type_status").on(t.type, t.status),
    index("beads_by_rig").on(t.rigId, t.status, t.id),
    // Idle agents of a rig, the oldest first.
    index("beads_idle_agents")
      .on(t.rigId, t.id)
      .where(sql`type = 'agent' and status = 'open'`),
    index("beads_by_assignee")
      .on(t.assigneeId)
      .where(sql`assignee_id is not null`),
  ],
);

export const issues = sqliteTable(
  "issues",
  {
    beadId: text("bead_id").primaryKey(),
    state: text("state").$type<IssueState>().notNull(),
    stateSince: at("state_since").notNull(),
    convoyId: text("convoy_id"),
    delivery: text("delivery").$type<Delivery>(),
    cycle: integer("cycle").notNull().default(1),
    /** Review round that the next work run belongs to. */
    round: integer("round").notNull().default(1),
    runsTotal: integer("runs_total").notNull().default(0),
    /** Runs that count towards the cap for life; `runsTotal` numbers them all. */
    runsSpent: integer("runs_spent").notNull().default(0),
    workAttempts: integer("work_attempts").notNull().default(0),
    /** What had been used when a person gave a fresh allowance. */
    runsForgiven: integer("runs_forgiven").notNull().default(0),
    workAttemptsForgiven: integer("work_attempts_forgiven").notNull().default(0),
    startFailures: integer("start_failures").notNull().default(0),
    infraFailures: integer("infra_failures").notNull().default(0),
    /** Runs on end that stood still. */
    stalls: integer("stalls").notNull().default(0),
    /** When infrastructure began to fail it, without a success since. */
    infraSince: at("infra_since"),
    /** Only a person can mend this; nothing is dispatched before he has resumed it. */
    parked: json<FailureReason>("parked"),
    backOffUntil: at("back_off_until"),
    reviewId: text("review_id"),
    runId: text("run_id"),
    savedRef: text("saved_ref"),
    savedOid: text("saved_oid"),
    savedBaseOid: text("saved_base_oid"),
    /** The run that saved it; null for a branch. */
    savedRunId: text("saved_run_id"),
    headOid: text("head_oid"),
    baseOid: text("base_oid"),
    landedOn: text("landed_on"),
    landedOid: text("landed_oid"),
    outcome: text("outcome").$type<CloseOutcome>(),
    failure: json<FailureReason>("failure"),
    wait: json<Wait>("wait"),
    /** A person's wish to close it, applied once nothing can land any more. */
    closing: json<Closing>("closing"),
    /** A person works on it himself, or has given it back. */
    taken: json<Taken>("taken"),
    /** Commands that must be green on the merged tree, besides the rig's gates. People's alone. */
    checks: json<Gate[]>("checks").notNull().default([]),
    /** Brings the branch of its convoy to the target. */
    landing: flag("landing").notNull().default(false),
    /** Its place among the beads of its convoy that have landed, from 1; of a landing: the last that it carries. */
    landingN: integer("landing_n"),
    /** The molecule that it is a step of, which one (from 1), and by what key. */
    moleculeId: text("molecule_id"),
    step: integer("step"),
    stepKey: text("step_key"),
    /** A person said that its molecule goes on without it. */
    skipped: flag("skipped").notNull().default(false),
    /** The agent that a person would like to work on it. */
    wishedAgentId: text("wished_agent_id"),
  },
  (t) => [
    index("issues_by_state").on(t.state, t.beadId),
    index("issues_by_convoy").on(t.convoyId),
    index("issues_with_saved")
      .on(t.savedRunId)
      .where(sql`state = 'open' and saved_run_id is not null`),
    index("issues_taken")
      .on(t.beadId)
      .where(sql`taken is not null`),
    index("issues_by_wish")
      .on(t.wishedAgentId)
      .where(sql`wished_agent_id is not null`),
    index("issues_by_molecule")
      .on(t.moleculeId, t.step)
      .where(sql`molecule_id is not null`),
  ],
);

/** What waits for capacity alone: the allocator's index, in the order in which it gives. */
export const ready = sqliteTable(
  "ready",
  {
    subjectId: text("subject_id").primaryKey(),
    /** Number of its stage: server/reconcile/stages.ts. */
    stage: integer("stage").notNull(),
    rigId: text("rig_id").notNull(),
    resource: text("resource").notNull(),
    rank: integer("rank").notNull(),
    age: text("age").notNull(),
  },
  (t) => [
    index("ready_by_rig").on(t.stage, t.rigId, t.rank, t.age),
    index("ready_by_resource").on(t.stage, t.resource, t.rank, t.age),
  ],
);

/** Of a deleted bead: what it was, and who deleted it. */
export const tombstones = sqliteTable("tombstones", {
  beadId: text("bead_id").primaryKey(),
  type: text("type").$type<BeadType>().notNull(),
  title: text("title").notNull(),
  rigId: text("rig_id"),
  deletedBy: text("deleted_by").notNull(),
  deletedAt: at("deleted_at").notNull(),
});

export const beadDependencies = sqliteTable(
  "bead_dependencies",
  {
    beadId: text("bead_id").notNull(),
    onId: text("on_id").notNull(),
    type: text("type").$type<"blocks" | "tracks" | "parent-child">().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.beadId, t.onId, t.type] }),
    index("dependencies_by_on").on(t.onId),
  ],
);

export const beadEvents = sqliteTable(
  "bead_events",
  {
    id: text("id").primaryKey(),
    beadId: text("bead_id").notNull(),
    at: at("at").notNull(),
    actor: text("actor").notNull(),
    kind: text("kind").notNull(),
    text: text("text").notNull(),
    rule: text("rule"),
    runId: text("run_id"),
    failure: json<FailureReason>("failure"),
  },
  (t) => [index("bead_events_by_bead").on(t.beadId, t.at), index("bead_events_by_time").on(t.at)],
);

export const convoys = sqliteTable(
  "convoys",
  {
    beadId: text("bead_id").primaryKey(),
    state: text("state").$type<ConvoyState>().notNull(),
    mode: text("mode").$type<ConvoyMode>().notNull().default("review-and-merge"),
    /** Its own branch, with mode review-then-land. */
    branch: text("branch"),
    delivery: text("delivery").$type<Delivery>(),
    failure: json<FailureReason>("failure"),
    landedAt: at("landed_at"),
  },
  (t) => [index("convoys_by_state").on(t.state)],
);

export const reviews = sqliteTable(
  "reviews",
  {
    beadId: text("bead_id").primaryKey(),
    subjectId: text("subject_id").notNull(),
    cycle: integer("cycle").notNull(),
    state: text("state").$type<ReviewState>().notNull(),
    stateSince: at("state_since").notNull(),
    rounds: integer("rounds").notNull().default(0),
    headOid: text("head_oid").notNull(),
    branch: text("branch").notNull(),
    /** Tries of the step that is under way; falls to 0 when the state moves. */
    tries: integer("tries").notNull().default(0),
    /** Tries of it that infrastructure failed, and since when. */
    infraTries: integer("infra_tries").notNull().default(0),
    infraSince: at("infra_since"),
    backOffUntil: at("back_off_until"),
    proof: json<Proof>("proof"),
    landingHint: text("landing_hint"),
    failure: json<FailureReason>("failure"),
    wait: json<Wait>("wait"),
    /** A merge run of it was lost: whether it lands is not known before the lane has been advanced. */
    laneOpen: flag("lane_open").notNull().default(false),
  },
  (t) => [
    uniqueIndex("reviews_by_subject_cycle").on(t.subjectId, t.cycle),
    index("reviews_by_state").on(t.state),
  ],
);

export const rounds = sqliteTable(
  "rounds",
  {
    reviewId: text("review_id").notNull(),
    round: integer("round").notNull(),
    record: json<Round>("record").notNull(),
  },
  (t) => [primaryKey({ columns: [t.reviewId, t.round] })],
);

export const agents = sqliteTable(
  "agents",
  {
    beadId: text("bead_id").primaryKey(),
    name: text("name").notNull(),
    role: text("role").$type<Role>().notNull(),
    runId: text("run_id"),
    workBeadId: text("work_bead_id"),
    bubble: text("bubble"),
    lastActivityAt: at("last_activity_at"),
    /** When its last run ended. */
    idleSince: at("idle_since"),
    retiredAt: at("retired_at"),
  },
  (t) => [index("agents_by_name").on(t.name)],
);

export const messages = sqliteTable(
  "messages",
  {
    beadId: text("bead_id").primaryKey(),
    sessionId: text("session_id").notNull(),
    turnId: text("turn_id").notNull(),
    state: text("state").$type<"queued" | "delivered" | "seen">().notNull(),
  },
  (t) => [index("messages_by_turn").on(t.turnId)],
);
