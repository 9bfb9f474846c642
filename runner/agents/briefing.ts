/** The first message of a run: what there is to do, in the words of the town, with foreign text quoted. Pure. */
import { INSTRUCTIONS_CHARS_MAX } from "../../protocol/entities/rig-environment.ts";
import { BODY_CHARS_MAX, FEEDBACK_CHARS_MAX } from "../../protocol/limits.ts";
import type { GateResult } from "../../protocol/review.ts";
import type { BeadSpec, Feedback, RigSpec, RunSpecOf, TurnSpec } from "../../protocol/run-spec.ts";
import { oneLine, quote } from "./quote.ts";

/** Files that Git LFS keeps. */
export type LfsBriefing = {
  /** As the repository names them. */
  patterns: readonly string[];
  /** Their contents are in the tree, but for `missing`. */
  isFetched: boolean;
  missing: readonly string[];
};

export type WorkBriefing = {
  role: "polecat";
  bead: BeadSpec;
  rig: RigSpec;
  /** The tree goes on from this saved commit of an earlier run. */
  savedOid: string | null;
  lfs?: LfsBriefing;
  /** A rework in the session of its author. */
  isResumed?: boolean;
};

export type ReviewBriefing = {
  role: "refinery";
  bead: BeadSpec;
  rig: RigSpec;
  /** What the author says of the change. */
  summary: string;
  gates: readonly GateResult[];
  diff: string;
  changedFiles: readonly string[];
  lfs?: LfsBriefing;
};

export type TurnBriefing = {
  role: "mayor";
  turn: TurnSpec;
  transcript: RunSpecOf<"session">["transcript"];
};

export type Briefing = WorkBriefing | ReviewBriefing | TurnBriefing;

/** Characters of a diff that go into the briefing; the rest is read from the tree. */
export const DIFF_IN_BRIEFING_CHARS_MAX = 60_000;
const FILES_MAX = 200;
const TRANSCRIPT_CHARS_MAX = 40_000;
const DIGEST_CHARS_MAX = 12_000;
const JOURNAL_CHARS_MAX = 8_000;
const LFS_CHARS_MAX = 2_000;

/** First user message of a run, and what `gt_prime` answers. */
export function firstMessage(briefing: Briefing): string {
  if (briefing.role === "mayor") return turnMessage(briefing);
  return briefing.role === "polecat" ? workMessage(briefing) : reviewMessage(briefing);
}

const RESUMED =
  "You go on in your own session about this bead: what you handed in came back. Your tree is a new one; paths of the one before are gone. Where this briefing differs from the earlier one, this one counts.";

function workMessage({ bead, rig, savedOid, lfs, isResumed }: WorkBriefing): string {
  const saved =
    savedOid === null
      ? ""
      : `Your tree already holds work of an earlier run (${savedOid.slice(0, 12)}). Read it with git log and git diff before you go on.`;
  return paragraphs(
    head(bead, rig),
    isResumed === true ? RESUMED : "",
    body(bead),
    bead.feedback === null ? "" : feedbackText(bead.feedback),
    answersText(bead.answers),
    instructions(rig, "polecat"),
    gateList(rig),
    networkText(rig),
    lfsText(lfs),
    saved,
  );
}

/** Patterns and paths are the repository's words. */
function lfsText(lfs: LfsBriefing | undefined): string {
  if (lfs === undefined || lfs.patterns.length === 0) return "";
  const patterns = lfsQuote("patterns of files that Git LFS keeps", lfs.patterns);
  if (!lfs.isFetched) return `${LFS_POINTERS}\n${patterns}`;
  if (lfs.missing.length === 0) return `${LFS_CONTENTS}\n${patterns}`;
  const missing = lfsQuote("files whose contents are not here", lfs.missing);
  return `${LFS_CONTENTS} Some contents could not be had: those files are pointers of a few lines; leave them as they are.\n${patterns}\n${missing}`;
}

const LFS_POINTERS =
  "Git LFS keeps the contents of these files. In this tree they are pointers of a few lines, and their contents are not here: leave them as they are, and do not take them for broken files.";
const LFS_CONTENTS =
  "Git LFS keeps the contents of these files, and they are in this tree; commits and diffs show pointers. Change or add such files only where the task asks for it.";

function lfsQuote(title: string, names: readonly string[]): string {
  return quote(title, names.map(oneLine).join("\n"), LFS_CHARS_MAX);
}

/** Nothing is said of no network: that is the rule. */
function networkText({ egress }: RigSpec): string {
  if (egress === "none") return "";
  const way = "Network, by the HTTP proxy in your environment";
  return egress === "open"
    ? `${way}: the internet.`
    : `${way}: ${egress.join(", ")}. Nothing else.`;
}

function reviewMessage(briefing: ReviewBriefing): string {
  const { bead, rig, summary, gates, diff, changedFiles, lfs } = briefing;
  const results = gates
    .map((gate) => `- ${oneLine(gate.name)}: ${gate.ok ? "green" : "red"}`)
    .join("\n");
  const files = changedFiles.slice(0, FILES_MAX).map(oneLine).join("\n");
  return paragraphs(
    head(bead, rig),
    body(bead),
    instructions(rig, "refinery"),
    lfsText(lfs),
    quote("the author's summary", summary, FEEDBACK_CHARS_MAX),
    results === "" ? "No gates are set for this rig." : `Gates on this commit:\n${results}`,
    quote(`changed files (${changedFiles.length})`, files, BODY_CHARS_MAX),
    quote(`diff against ${rig.target}`, diff, DIFF_IN_BRIEFING_CHARS_MAX),
    diff.length > DIFF_IN_BRIEFING_CHARS_MAX
      ? "The diff is cut. Read the rest of the changed files in your tree."
      : "",
  );
}

/** The person's words come last and unquoted: they are the one text the Mayor obeys. */
function turnMessage({ turn, transcript }: TurnBriefing): string {
  const lines = transcript
    .map(({ from, text }) => `${from === "person" ? "Person" : "You"}: ${text}`)
    .join("\n\n");
  const done = turn.journal
    .map((entry) => `${entry.tool} ${entry.arguments}\n=> ${entry.answer}`)
    .join("\n");
  return paragraphs(
    lines === ""
      ? ""
      : quote(
          "earlier conversation, replayed after a restart",
          lines.slice(-TRANSCRIPT_CHARS_MAX),
          TRANSCRIPT_CHARS_MAX,
        ),
    done === ""
      ? ""
      : `An earlier run of this turn already did the following. It holds: do not do it again.\n${quote("journal", done, JOURNAL_CHARS_MAX)}`,
    turn.digest.length === 0
      ? ""
      : quote(
          "the town, since the last turn",
          turn.digest.map((line) => `- ${line}`).join("\n"),
          DIGEST_CHARS_MAX,
        ),
    turn.text,
  );
}

function head(bead: BeadSpec, rig: RigSpec): string {
  const convoy = bead.convoyTitle === null ? [] : [`Convoy: ${oneLine(bead.convoyTitle)}`];
  const { molecule } = bead;
  const step =
    molecule === null
      ? []
      : [
          `Step ${molecule.step} of ${molecule.of} of: ${oneLine(molecule.title)}. Do this step only.`,
        ];
  return [
    `Bead: ${oneLine(bead.title)}`,
    `Bead id: ${bead.id}`,
    `Attempt: ${bead.attempt}`,
    `Round: ${bead.round}`,
    `Rig: ${oneLine(rig.name)}, target ${oneLine(rig.target)}`,
    ...convoy,
    ...step,
  ].join("\n");
}

function body(bead: BeadSpec): string {
  return bead.body.trim() === "" ? "" : quote("bead", bead.body, BODY_CHARS_MAX);
}

/** The words of the rig's people, not those of its repository. */
function instructions(rig: RigSpec, role: "polecat" | "refinery"): string {
  const text = rig.environment.instructions[role];
  if (text === null) return "";
  return `How this rig's people want it done, as far as your role's rules leave it open:\n${quote("the rig's instructions", text, INSTRUCTIONS_CHARS_MAX)}`;
}

function gateList(rig: RigSpec): string {
  const gates = rig.gates.map((gate) => `- ${oneLine(gate.name)}: ${gate.command}`).join("\n");
  return gates === ""
    ? "No gates are set: prove your change with the repository's own tests."
    : `Gates:\n${gates}`;
}

function feedbackText(feedback: Feedback): string {
  const comments = feedback.comments.map(({ file, line, body: text }) => `${file}:${line} ${text}`);
  const source = `feedback of round ${feedback.round}, from ${feedback.source}`;
  return `Answer this feedback, and only this:\n${quote(source, [feedback.text, ...comments].join("\n"), FEEDBACK_CHARS_MAX)}`;
}

function answersText(answers: BeadSpec["answers"]): string {
  if (answers.length === 0) return "";
  const said = answers.map(
    ({ question, answer, by }) => `Q: ${question}\nA (${ANSWERED[by]}): ${answer}`,
  );
  return `What was asked about this bead, and the answers that count:\n${quote("questions and answers", said.join("\n\n"), FEEDBACK_CHARS_MAX)}`;
}

const ANSWERED = { person: "a person", policy: "this rig's rule", default: "nobody in time" };

function paragraphs(...parts: string[]): string {
  return parts.filter((part) => part !== "").join("\n\n");
}
