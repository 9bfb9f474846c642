/**
 * The Mayor's tools, answered inside the tick. A call equal to one of the same turn returns the
 * earlier answer where it created something, so that a turn which is run again doubles nothing (B1).
 */
import { and, desc, eq, isNull } from "drizzle-orm";
import { z } from "zod";
import {
  BODY_CHARS_MAX,
  prioritySchema,
  refSchema,
  shortId,
  type ToolAnswer,
} from "../../protocol/index.ts";
import { convoyImage, issueImage, rigImage } from "../store/images/images.ts";
import { findBead, findRig } from "../store/refs.ts";
import { beads, issues } from "../store/schema/beads.ts";
import { rigs, turns } from "../store/schema/runs.ts";
import { notInTrash } from "../store/trash/in-trash.ts";
import type { Tx } from "../store/tx.ts";
import { journal, journaled } from "../store/writes/sessions.ts";
import type { CommandPorts } from "./command.ts";
import { answer, invalid, parse, refused, type Answer } from "./mayor-answer.ts";
import { callEditTool } from "./mayor-edit-tools.ts";
import { callMoleculeTool } from "./molecules/mayor-molecules.ts";
import { slingConvoy } from "./convoys/sling-convoy.ts";
import { slingBead } from "./issue-commands.ts";
import { present } from "../store/present.ts";

const slingTool = z.strictObject({
  rig: refSchema,
  title: z.string(),
  body: z.string().max(BODY_CHARS_MAX),
  priority: prioritySchema.optional(),
  held: z.boolean().optional(),
});
const convoyTool = z.strictObject({
  rig: refSchema,
  title: z.string(),
  tasks: z.array(
    z.strictObject({
      key: z.string(),
      title: z.string(),
      body: z.string(),
      depends_on: z.array(z.string()).optional(),
    }),
  ),
  parallel: z.boolean().optional(),
  staged: z.boolean().optional(),
  mode: z.string().optional(),
});

/** Only what creates is remembered: a look must see what is there now, a refusal may be mended. */
const CREATES: ReadonlySet<string> = new Set([
  "gt_sling",
  "gt_sling_convoy",
  "gt_comment",
  "gt_convoy_add",
  "gt_pour",
]);

/** @param call.key hash of turn, tool and arguments */
export function callMayorTool(
  tx: Tx,
  call: { tool: string; arguments: unknown; turnId: string; key: string },
  ports: CommandPorts,
): ToolAnswer {
  const earlier = journaled(tx, call.turnId, call.key);
  if (earlier && !earlier.isError && CREATES.has(call.tool))
    return { isError: false, text: earlier.answer };
  const done = dispatch(tx, call, ports);
  journal(tx, call.turnId, call.key, {
    tool: call.tool,
    arguments: JSON.stringify(call.arguments ?? {}).slice(0, 8_000),
    answer: done.text,
    isError: done.isError,
    beads: done.beads,
  });
  return { isError: done.isError, text: done.text };
}

/** Words of others than people set nothing in motion: what such a turn creates waits for a person. */
function begunByPerson(tx: Tx, turnId: string): boolean {
  const turn = tx.db.select({ by: turns.begunBy }).from(turns).where(eq(turns.id, turnId)).get();
  return turn?.by === "person";
}

function dispatch(
  tx: Tx,
  { tool, arguments: input, turnId }: { tool: string; arguments: unknown; turnId: string },
  ports: CommandPorts,
): Answer {
  const byPerson = begunByPerson(tx, turnId);
  switch (tool) {
    case "gt_rigs":
      return answer(
        tx.db
          .select({ id: rigs.id })
          .from(rigs)
          .all()
          .flatMap(({ id }) => rigLine(tx, id) ?? []),
      );
    case "gt_beads":
      return listBeads(tx, input);
    case "gt_bead":
      return showBead(tx, input);
    case "gt_convoy":
      return showConvoy(tx, input);
    case "gt_sling":
      return sling(tx, input, ports, byPerson);
    case "gt_sling_convoy":
      return slingAll(tx, input, ports, byPerson);
    default:
      return (
        callMoleculeTool(tx, tool, input, ports, byPerson) ??
        callEditTool(tx, tool, input, ports, byPerson)
      );
  }
}

function rigLine(tx: Tx, id: string) {
  const rig = rigImage(tx.db, id);
  if (!rig) return null;
  const { name, target, delivery, state } = rig;
  return { id, name, target, delivery, state, gates: rig.gates.map((gate) => gate.name) };
}

function beadLine(tx: Tx, id: string) {
  const issue = present(issueImage(tx.db, id), `bead ${id}`);
  return {
    id,
    short: shortId(id),
    title: issue.title,
    status: issue.status,
    waits: issue.wait?.text,
    ...(issue.held && { held: true }),
    outcome: issue.outcome ?? undefined,
  };
}

function listBeads(tx: Tx, input: unknown): Answer {
  const parsed = z
    .object({ rig: z.string().optional(), status: z.string().optional() })
    .safeParse(input ?? {});
  if (!parsed.success) return refused(invalid(parsed.error));
  const rig = parsed.data.rig ? findRig(tx.db, parsed.data.rig) : null;
  if (rig && !rig.ok) return refused(rig.error);
  const rows = tx.db
    .select({ id: beads.id, status: beads.status, rigId: beads.rigId })
    .from(issues)
    .innerJoin(beads, eq(beads.id, issues.beadId))
    .where(and(isNull(beads.archivedAt), notInTrash(beads.rigId)))
    .orderBy(desc(beads.id))
    .limit(200)
    .all()
    .filter(
      (row) =>
        (!rig || row.rigId === rig.value.id) &&
        (!parsed.data.status || row.status === parsed.data.status),
    );
  return answer(rows.slice(0, 60).map((row) => beadLine(tx, row.id)));
}

function showBead(tx: Tx, input: unknown): Answer {
  const parsed = z.object({ bead: refSchema }).safeParse(input);
  if (!parsed.success) return refused(invalid(parsed.error));
  const bead = findBead(tx.db, parsed.data.bead, ["issue"], "bead");
  if (!bead.ok) return refused(bead.error);
  const issue = present(issueImage(tx.db, bead.value.id), `bead ${bead.value.id}`);
  const { title, body, status, wait, failure, landedOn } = issue;
  return answer({
    id: issue.id,
    title,
    body: body.slice(0, 4_000),
    status,
    waits: wait?.text,
    failure,
    landedOn,
  });
}

function showConvoy(tx: Tx, input: unknown): Answer {
  const parsed = z.object({ convoy: refSchema }).safeParse(input);
  if (!parsed.success) return refused(invalid(parsed.error));
  const bead = findBead(tx.db, parsed.data.convoy, ["convoy"], "convoy");
  if (!bead.ok) return refused(bead.error);
  const members = tx.db
    .select({ id: issues.beadId })
    .from(issues)
    .where(eq(issues.convoyId, bead.value.id))
    .all();
  const convoy = present(convoyImage(tx.db, bead.value.id), `convoy ${bead.value.id}`);
  return answer({
    id: convoy.id,
    title: convoy.title,
    state: convoy.state,
    beads: members.map((row) => beadLine(tx, row.id)),
  });
}

function sling(tx: Tx, input: unknown, ports: CommandPorts, byPerson: boolean): Answer {
  const parsed = slingTool.safeParse(input);
  if (!parsed.success) return refused(invalid(parsed.error));
  const held = parsed.data.held === true || !byPerson;
  const body = parse("bead.sling", { ...parsed.data, held });
  if (!body.ok) return refused(body.error);
  const result = slingBead(tx, body.value, ports);
  if (!result.ok) return refused(result.error);
  const { id, title } = result.value;
  return answer(
    {
      created: { id, short: shortId(id), title, held },
      next: held
        ? "It is held: tell the person that it starts when he releases it."
        : "Tell the person what you set in motion.",
    },
    [id],
  );
}

function slingAll(tx: Tx, input: unknown, ports: CommandPorts, byPerson: boolean): Answer {
  const parsed = convoyTool.safeParse(input);
  if (!parsed.success) return refused(invalid(parsed.error));
  const { tasks, ...rest } = parsed.data;
  const staged = rest.staged === true || !byPerson;
  const body = parse("convoy.sling", {
    ...rest,
    staged,
    tasks: tasks.map(({ depends_on, ...task }) => ({ ...task, dependsOn: depends_on ?? [] })),
  });
  if (!body.ok) return refused(body.error);
  const result = slingConvoy(tx, body.value, ports);
  if (!result.ok) return refused(result.error);
  const { convoy } = result.value;
  return answer(
    {
      convoy: { id: convoy.id, short: shortId(convoy.id), title: convoy.title },
      beads: result.value.beads.map((bead) => ({
        id: bead.id,
        short: shortId(bead.id),
        title: bead.title,
      })),
      next: staged
        ? "It is staged: tell the person what you planned, and that it starts when he says so."
        : "Tell the person what you planned and what runs first.",
    },
    [convoy.id],
  );
}
