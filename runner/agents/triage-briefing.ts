/** The first message of a triage run: its requests, with foreign text quoted. Pure. */
import type { TriageSpec } from "../../protocol/run-spec.ts";
import { oneLine, quote } from "./quote.ts";

const TEXT_CHARS_MAX = 6_000;
const FAILURES_CHARS_MAX = 2_000;

/** First user message of a triage run. */
export function triageMessage(requests: readonly TriageSpec[]): string {
  const count = requests.length === 1 ? "One request" : `${requests.length} requests`;
  return [`${count} to decide about.`, ...requests.map(requestText)].join("\n\n");
}

function requestText(request: TriageSpec, index: number): string {
  const { id, severity, bead, failures, actions, standsStill } = request;
  const parts = [
    [
      `Request ${index + 1}: ${oneLine(id)}`,
      `Severity: ${severity}`,
      `Allowed: ${actions.join(", ")}`,
      `Its bead is ${bead.state.replaceAll("_", " ")}; tries that failed so far: ${bead.workAttempts}.`,
      standsStill
        ? "A run of it stands still or waits for help now: retry ends that run."
        : "No run of it stands still now: retry lets it go on as it is.",
    ].join("\n"),
    quote("what was raised", `${oneLine(request.title)}\n\n${request.text}`, TEXT_CHARS_MAX),
    quote(`bead ${bead.id}`, `${oneLine(bead.title)}\n\n${bead.body}`, TEXT_CHARS_MAX),
  ];
  if (failures.length > 0)
    parts.push(
      quote("its last failed runs, newest first", failures.join("\n"), FAILURES_CHARS_MAX),
    );
  return parts.join("\n");
}
