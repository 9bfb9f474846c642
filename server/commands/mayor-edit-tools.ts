/** The Mayor's tools that change what is there: the same functions as people's commands. */
import { z } from "zod";
import { refSchema, shortId, type Issue, type Result } from "../../protocol/index.ts";
import type { Tx } from "../store/tx.ts";
import {
  commentBead,
  archiveBeads,
  holdBead,
  releaseBead,
  unarchiveBeads,
  updateBead,
} from "./bead-edit-commands.ts";
import { acknowledge, resolve } from "./attention/escalation-commands.ts";
import { cancelBead, deleteBead, reopenBead } from "./bead-end-commands.ts";
import type { CommandPorts } from "./command.ts";
import {
  addToConvoy,
  cancelConvoy,
  decideTask,
  removeFromConvoy,
  startConvoy,
} from "./convoys/convoy-life.ts";
import { rewireBead } from "./dependency-commands.ts";
import { resetAgent } from "./agent-commands.ts";
import { answer, invalid, notAsked, parse, refused, type Answer } from "./mayor-answer.ts";

const editTool = z.strictObject({
  bead: refSchema,
  title: z.string().optional(),
  body: z.string().optional(),
  priority: z.string().optional(),
  labels: z.array(z.string()).optional(),
  assignee: z.string().optional(),
  depends_on: z.array(z.string()).optional(),
});
const actTool = z.strictObject({
  bead: refSchema,
  action: z.enum(["hold", "release", "cancel", "reopen", "archive", "unarchive", "delete"]),
  reason: z.string().optional(),
});
type Act = z.infer<typeof actTool>;
const commentTool = z.strictObject({ bead: refSchema, text: z.string() });
const resetTool = z.strictObject({ agent: refSchema });

const escalationTool = z.strictObject({
  escalation: refSchema,
  action: z.enum(["acknowledge", "resolve"]),
  note: z.string().optional(),
});
const convoyActTool = z.strictObject({
  convoy: refSchema,
  action: z.enum(["start", "cancel", "remove", "retry", "drop", "land_without"]),
  bead: refSchema.optional(),
  reason: z.string().optional(),
});
const convoyAddTool = z.strictObject({
  convoy: refSchema,
  title: z.string(),
  body: z.string(),
  depends_on: z.array(z.string()).optional(),
});

/** What a turn may do that no person began: it takes nothing away and starts nothing. */
const HARMLESS: ReadonlySet<string> = new Set(["hold"]);

export function callEditTool(
  tx: Tx,
  tool: string,
  input: unknown,
  ports: CommandPorts,
  byPerson: boolean,
): Answer {
  switch (tool) {
    case "gt_edit_bead":
      return byPerson ? edit(tx, input, ports) : notAsked();
    case "gt_act":
      return act(tx, input, ports, byPerson);
    case "gt_comment": {
      const parsed = commentTool.safeParse(input);
      if (!parsed.success) return refused(invalid(parsed.error));
      return run(parse("bead.comment", parsed.data), (body) => commentBead(tx, body, ports));
    }
    case "gt_reset_agent": {
      const parsed = resetTool.safeParse(input);
      if (!parsed.success) return refused(invalid(parsed.error));
      if (!byPerson) return notAsked();
      return run(parse("agent.reset", parsed.data), (body) => resetAgent(tx, body, ports));
    }
    case "gt_escalation":
      return byPerson ? settle(tx, input, ports) : notAsked();
    case "gt_convoy_act":
      return byPerson ? actOnConvoy(tx, input, ports) : notAsked();
    case "gt_convoy_add":
      return byPerson ? addTask(tx, input, ports) : notAsked();
    default:
      return refused({
        code: "unknown_command",
        message: `there is no tool ${tool}.`,
        retryable: false,
      });
  }
}

type Parsed<B> =
  ReturnType<typeof parse> extends infer P ? (P & { ok: false }) | { ok: true; value: B } : never;

function run<B>(body: Parsed<B>, apply: (body: B) => Result<unknown>): Answer {
  if (!body.ok) return refused(body.error);
  const done = apply(body.value);
  return done.ok ? answer({ done: shown(done.value) }) : refused(done.error);
}

/** A bead in few words: the model need not read all of it again. */
function shown(value: unknown): unknown {
  const issue = value as Partial<Issue>;
  if (issue.type !== "issue" || issue.id === undefined) return value;
  const { id, title, status, priority, held, wait, closing } = issue;
  return { short: shortId(id), title, status, priority, held, waits: wait?.text, closing };
}

function edit(tx: Tx, input: unknown, ports: CommandPorts): Answer {
  const parsed = editTool.safeParse(input);
  if (!parsed.success) return refused(invalid(parsed.error));
  const { bead, depends_on, ...set } = parsed.data;
  if (depends_on === undefined)
    return run(parse("bead.update", { bead, set }), (value) => updateBead(tx, value, ports));
  if (Object.keys(set).length > 0) {
    // Two commands, of which one could be refused: nothing may be half done.
    return refused({
      code: "invalid_body",
      message: "give depends_on in a call of its own.",
      retryable: false,
    });
  }
  const body = parse("bead.rewire", { bead, dependsOn: depends_on });
  return run(body, (value) => rewireBead(tx, value, ports));
}

function act(tx: Tx, input: unknown, ports: CommandPorts, byPerson: boolean): Answer {
  const parsed = actTool.safeParse(input);
  if (!parsed.success) return refused(invalid(parsed.error));
  const { bead, action, reason } = parsed.data;
  if (!byPerson && !HARMLESS.has(action)) return notAsked();
  return acts(tx, { bead, action, reason: reason ?? "" }, ports);
}

function acts(
  tx: Tx,
  { bead, action, reason }: Act & { reason: string },
  ports: CommandPorts,
): Answer {
  switch (action) {
    case "hold":
      return run(parse("bead.hold", { bead }), (body) => holdBead(tx, body, ports));
    case "release":
      return run(parse("bead.release", { bead }), (body) => releaseBead(tx, body, ports));
    case "cancel":
      return run(parse("bead.cancel", { bead, reason }), (body) => cancelBead(tx, body, ports));
    case "reopen":
      return run(parse("bead.reopen", { bead }), (body) => reopenBead(tx, body, ports));
    case "archive":
      return run(parse("bead.archive", { beads: [bead] }), (body) => archiveBeads(tx, body, ports));
    case "unarchive":
      return run(parse("bead.unarchive", { beads: [bead] }), (body) =>
        unarchiveBeads(tx, body, ports),
      );
    case "delete":
      return run(parse("bead.delete", { bead }), (body) => deleteBead(tx, body, ports));
  }
}

function actOnConvoy(tx: Tx, input: unknown, ports: CommandPorts): Answer {
  const parsed = convoyActTool.safeParse(input);
  if (!parsed.success) return refused(invalid(parsed.error));
  const { convoy, action, bead, reason } = parsed.data;
  switch (action) {
    case "start":
      return run(parse("convoy.start", { convoy }), (body) => startConvoy(tx, body, ports));
    case "cancel":
      return run(parse("convoy.cancel", { convoy, reason }), (body) =>
        cancelConvoy(tx, body, ports),
      );
    case "remove":
      return run(parse("convoy.remove", { convoy, bead }), (body) =>
        removeFromConvoy(tx, body, ports),
      );
    default:
      return run(parse("convoy.decide", { convoy, bead, choice: action }), (body) =>
        decideTask(tx, body, ports),
      );
  }
}

function settle(tx: Tx, input: unknown, ports: CommandPorts): Answer {
  const parsed = escalationTool.safeParse(input);
  if (!parsed.success) return refused(invalid(parsed.error));
  const { escalation, action, note } = parsed.data;
  if (action === "acknowledge")
    return run(parse("escalation.acknowledge", { escalation }), (body) =>
      acknowledge(tx, body, ports),
    );
  const body = parse("escalation.resolve", { escalation, note });
  return run(body, (value) => resolve(tx, value, ports));
}

function addTask(tx: Tx, input: unknown, ports: CommandPorts): Answer {
  const parsed = convoyAddTool.safeParse(input);
  if (!parsed.success) return refused(invalid(parsed.error));
  const { depends_on, ...task } = parsed.data;
  const body = parse("convoy.add", { ...task, dependsOn: depends_on ?? [] });
  return run(body, (value) => addToConvoy(tx, value, ports));
}
