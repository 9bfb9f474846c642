/** The Mayor's tools for formulas and molecules: it pours what people have stored, and changes no formula. */
import { z } from "zod";
import { refSchema, shortId, type ErrorBody, type Molecule } from "../../../protocol/index.ts";
import { moleculeImage } from "../../store/images/molecule-image.ts";
import { present } from "../../store/present.ts";
import { findBead, findRig } from "../../store/refs.ts";
import type { Tx } from "../../store/tx.ts";
import { formulasFor } from "../../store/views/formulas.ts";
import type { CommandPorts } from "../command.ts";
import { answer, invalid, notAsked, parse, refused, type Answer } from "../mayor-answer.ts";
import { cancelMolecule, decideStep, pourMolecule, startMolecule } from "./molecule-commands.ts";

const formulasTool = z.strictObject({ rig: refSchema });
const pourTool = z.strictObject({
  rig: refSchema,
  formula: z.string(),
  parameters: z.record(z.string(), z.string()).optional(),
  title: z.string().optional(),
  staged: z.boolean().optional(),
});
const moleculeTool = z.strictObject({
  molecule: refSchema,
  action: z.enum(["start", "cancel", "retry", "skip"]).optional(),
  step: refSchema.optional(),
  reason: z.string().optional(),
});

/** @returns null when the tool is none of these */
export function callMoleculeTool(
  tx: Tx,
  tool: string,
  input: unknown,
  ports: CommandPorts,
  byPerson: boolean,
): Answer | null {
  switch (tool) {
    case "gt_formulas":
      return list(tx, input);
    case "gt_pour":
      return pour(tx, input, ports, byPerson);
    case "gt_molecule":
      return look(tx, input, ports, byPerson);
    default:
      return null;
  }
}

function list(tx: Tx, input: unknown): Answer {
  const parsed = formulasTool.safeParse(input);
  if (!parsed.success) return refused(invalid(parsed.error));
  const rig = findRig(tx.db, parsed.data.rig);
  if (!rig.ok) return refused(rig.error);
  return answer(
    formulasFor(tx.db, rig.value.id).map(({ formula }) => ({
      name: formula.name,
      description: formula.description,
      parameters: formula.parameters,
      steps: formula.steps.map((step) => step.title),
    })),
  );
}

function pour(tx: Tx, input: unknown, ports: CommandPorts, byPerson: boolean): Answer {
  const parsed = pourTool.safeParse(input);
  if (!parsed.success) return refused(invalid(parsed.error));
  const staged = parsed.data.staged === true || !byPerson;
  const body = parse("molecule.pour", { ...parsed.data, staged });
  if (!body.ok) return refused(body.error);
  const poured = pourMolecule(tx, body.value, ports);
  if (!poured.ok) return refused(poured.error);
  return answer(
    {
      created: shown(poured.value),
      next: staged
        ? "It is staged: tell the person that it begins when he starts it."
        : "Tell the person what you set in motion.",
    },
    [poured.value.id, ...poured.value.steps.map((step) => step.beadId)],
  );
}

function look(tx: Tx, input: unknown, ports: CommandPorts, byPerson: boolean): Answer {
  const parsed = moleculeTool.safeParse(input);
  if (!parsed.success) return refused(invalid(parsed.error));
  const { molecule, action, step, reason } = parsed.data;
  const bead = findBead(tx.db, molecule, ["molecule"], "molecule");
  if (!bead.ok) return refused(bead.error);
  const now = () => present(moleculeImage(tx.db, bead.value.id), `molecule ${bead.value.id}`);
  if (action === undefined) return answer(shown(now()));
  if (!byPerson) return notAsked();
  const fault = act(tx, { molecule: bead.value.id, action, step, reason }, ports);
  return fault === null ? answer({ done: shown(now()) }) : refused(fault);
}

function act(
  tx: Tx,
  { molecule, action, step, reason }: z.infer<typeof moleculeTool>,
  ports: CommandPorts,
): ErrorBody | null {
  switch (action) {
    case "start": {
      const done = startMolecule(tx, { molecule }, ports);
      return done.ok ? null : done.error;
    }
    case "cancel": {
      const body = parse("molecule.cancel", { molecule, reason });
      const done = body.ok ? cancelMolecule(tx, body.value, ports) : body;
      return done.ok ? null : done.error;
    }
    default: {
      const body = parse("molecule.decide", { molecule, step, choice: action });
      const done = body.ok ? decideStep(tx, body.value, ports) : body;
      return done.ok ? null : done.error;
    }
  }
}

/** A molecule in few words. */
function shown({ id, title, state, current, steps, failure }: Molecule): object {
  return {
    id,
    short: shortId(id),
    title,
    state,
    current,
    failure,
    steps: steps.map(({ n, key, beadId, title: of, status, outcome, skipped }) => ({
      ...{ n, key, bead: beadId, title: of, status: outcome ?? status },
      ...(skipped && { skipped }),
    })),
  };
}
