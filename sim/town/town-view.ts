/** The town as its change feed tells it: the newest image of everything, kept by kind. */
import type { AnyImage, Image, ImageKind } from "../../protocol/index.ts";

export class TownView {
  readonly issues = new Map<string, Image<"issue">>();
  readonly runs = new Map<string, Image<"run">>();
  readonly reviews = new Map<string, Image<"review">>();
  readonly molecules = new Map<string, Image<"molecule">>();
  readonly escalations = new Map<string, Image<"escalation">>();
  readonly questions = new Map<string, Image<"question">>();
  readonly triages = new Map<string, Image<"triage">>();
  readonly rigs = new Map<string, Image<"rig">>();
  readonly runners = new Map<string, Image<"runner">>();
  readonly convoys = new Map<string, Image<"convoy">>();
  readonly agents = new Map<string, Image<"agent">>();

  town: Image<"town"> | undefined;

  /** Takes an image; returns what was known before. */
  take(image: AnyImage): AnyImage["value"] | undefined {
    switch (image.kind) {
      case "issue":
        return swap(this.issues, image);
      case "run":
        return swap(this.runs, image);
      case "review":
        return swap(this.reviews, image);
      case "molecule":
        return swap(this.molecules, image);
      case "escalation":
        return swap(this.escalations, image);
      case "question":
        return swap(this.questions, image);
      case "triage":
        return swap(this.triages, image);
      case "rig":
        return swap(this.rigs, image);
      case "runner":
        return swap(this.runners, image);
      case "convoy":
        return swap(this.convoys, image);
      case "town":
        this.town = image.value ?? undefined;
        return undefined;
      case "agent":
        return swap(this.agents, image);
      default:
        return undefined;
    }
  }

  /** The town's data is another: what was known does not hold. */
  forget(): void {
    this.town = undefined;
    for (const map of [
      this.issues,
      this.runs,
      this.reviews,
      this.molecules,
      this.escalations,
      this.questions,
      this.triages,
      this.rigs,
      this.runners,
      this.convoys,
      this.agents,
    ])
      map.clear();
  }
}

function swap<K extends ImageKind>(
  map: Map<string, Image<K>>,
  { id, value }: { id: string; value: Image<K> | null },
): Image<K> | undefined {
  const before = map.get(id);
  if (value === null) map.delete(id);
  else map.set(id, value);
  return before;
}

/** Only a person can mend what it waits for, and resumes it then. */
export function isParked({ wait }: Image<"issue">): boolean {
  return wait?.text.startsWith("parked: ") === true;
}
