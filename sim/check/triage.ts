/** What must hold of triage: few requests, of issue beads only, one run at a time, and never about itself. */
import type { Image } from "../../protocol/index.ts";
import { POLICY } from "../../server/model/policy.ts";
import type { TownView } from "../town/town-view.ts";
import { Violation } from "./violation.ts";

type Request = Image<"triage">;

export class TriageChecks {
  readonly #view: TownView;
  #changed: Request[] = [];
  #begun = false;

  constructor(view: TownView) {
    this.#view = view;
  }

  see(request: Request): void {
    this.#changed.push(request);
  }

  run({ id, kind, resource, beadId, rigId }: Image<"run">): void {
    if (kind !== "triage") return;
    this.#begun = true;
    if (resource !== "triage:town" || beadId !== null || rigId !== null)
      throw new Violation("triage-apart", `${id} is of ${resource}, ${beadId} and ${rigId}`);
  }

  /** After all images of a commit. */
  commit(): void {
    const { runs, triages } = this.#view;
    const live = [...runs.values()].filter((run) => run.kind === "triage" && run.state !== "ended");
    if (this.#begun && live.length > 1)
      throw new Violation("triage-alone", `${live.map(({ id }) => id).join(" and ")} live at once`);
    this.#begun = false;
    const changed = this.#changed.splice(0);
    if (changed.length === 0) return;
    const open = [...triages.values()].filter(({ state }) => state === "open");
    if (open.length > POLICY.triageOpenMax)
      throw new Violation("triage-capped", `${open.length} requests of triage are open`);
    if (new Set(open.map(({ beadId }) => beadId)).size < open.length)
      throw new Violation("triage-capped", "two requests about a bead are open");
    for (const request of changed) this.#ofBead(request);
  }

  #ofBead({ id, beadId, escalationId, tries }: Request): void {
    const { escalations, runs } = this.#view;
    const raised = escalations.get(escalationId);
    // After a restore it may not have been shown yet.
    const subject = raised === undefined ? beadId : raised.subjectId;
    const source = runs.get(raised?.source.replace("run:", "") ?? "");
    if (!beadId.startsWith("bd_") || subject !== beadId || source?.kind === "triage")
      throw new Violation("triage-itself", `${id} is about ${raised?.source} and ${beadId}`);
    if (tries > POLICY.triageTriesMax)
      throw new Violation("triage-tries", `${id} was tried ${tries} times`);
  }
}
