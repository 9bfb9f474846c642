import type { BeadType, IdKind, ImageKind } from "../../protocol/index.ts";

/** Of each bead type: the kind of id it gets, and the image that shows it. */
export const BEAD_TYPES: Readonly<Record<BeadType, { id: IdKind; image: ImageKind }>> = {
  issue: { id: "issue", image: "issue" },
  convoy: { id: "convoy", image: "convoy" },
  molecule: { id: "molecule", image: "molecule" },
  merge_request: { id: "review", image: "review" },
  agent: { id: "agent", image: "agent" },
  message: { id: "message", image: "chat" },
  escalation: { id: "escalation", image: "escalation" },
  mail: { id: "mail", image: "mail" },
  question: { id: "question", image: "question" },
  triage_request: { id: "triage", image: "triage" },
};
