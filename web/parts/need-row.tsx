/** Something that needs a person: what, why, since when, and the next step as a button. */
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { CommandInput, CommandName, Escalation, Question } from "../../protocol/index.ts";
import { useCommand, useImage } from "../lib/town.tsx";
import type { Need } from "../model/needs.ts";
import { Linked, RefLink } from "../shell/ref-link.tsx";
import { Age } from "../ui/age.tsx";
import { Button } from "../ui/button.tsx";
import { Refusal } from "../ui/feedback.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { convoyLook, issueLook, type Look, reviewLook, rigLook } from "../words/states.ts";
import { triageText } from "../words/triage.ts";

const alert: Look = { hue: "waiting", shape: "alert", label: "Needs you" };

interface FrameProps {
  look: Look;
  title: ReactNode;
  why: ReactNode;
  at: number | null;
  children?: ReactNode;
}

function Row({ look, title, why, at, children }: FrameProps) {
  return (
    <li className="flex flex-wrap items-start gap-x-3 gap-y-2 px-3 py-2.5">
      <span className="flex h-[18px] items-center">
        <StateMark look={look} />
      </span>
      <div className="min-w-0 flex-1 basis-52">
        <div className="text-sm font-medium">{title}</div>
        <div className="mt-0.5 line-clamp-3 text-sm text-ink-2">{why}</div>
      </div>
      <div className="flex items-center gap-2 @max-md:w-full @max-md:pl-6">
        {children}
        {at !== null && (
          <Age at={at} className="w-12 text-right text-xs text-ink-3 @max-md:ml-auto" />
        )}
      </div>
    </li>
  );
}

const linkButton =
  "inline-flex h-6 items-center rounded-md border border-line-strong bg-panel px-2 text-xs text-ink hover:bg-raised max-sm:h-8";

/** A command as a small button whose refusal stays in its row. */
function Act<N extends CommandName>({
  name,
  body,
  children,
}: {
  name: N;
  body: CommandInput<N>;
  children: ReactNode;
}) {
  const command = useCommand(name);
  return (
    <>
      <Button
        size="small"
        sent={command.state.phase === "sent"}
        onClick={() => void command.run(body)}
        className="max-sm:h-8"
      >
        {children}
      </Button>
      {command.state.phase === "refused" && (
        <Refusal error={command.state.error} className="order-last w-full" />
      )}
    </>
  );
}

function Opens({ id, children }: { id: string; children: ReactNode }) {
  return (
    <RefLink
      row
      id={id}
      className="rounded-sm hover:underline hover:decoration-lamp hover:underline-offset-3"
    >
      {children}
    </RefLink>
  );
}

export function NeedRow({ need }: { need: Need }) {
  switch (need.kind) {
    case "model":
      return (
        <Row look={alert} title={need.title} why={need.why} at={null}>
          <Link to="/settings" search={{}} className={linkButton}>
            Open Settings
          </Link>
        </Row>
      );
    case "isolation":
      return (
        <Row
          look={alert}
          title={`Rig ${need.rig.name} waits for your word on isolation`}
          why="Its runner has no sandbox. Nothing is dispatched before you confirm."
          at={null}
        >
          <Link to={`/rigs/${need.rig.id}`} search={{}} className={linkButton}>
            Read and confirm
          </Link>
        </Row>
      );
    case "rig":
      return <ParkedRigRow need={need} />;
    case "review":
      return <ReviewRow need={need} />;
    case "bead":
      return (
        <Row
          look={issueLook(need.issue)}
          title={<Opens id={need.issue.id}>{need.issue.title}</Opens>}
          why={need.issue.failure?.message ?? "It failed."}
          at={need.issue.stateSince}
        >
          <Act name="bead.reopen" body={{ bead: need.issue.id, version: need.issue.version }}>
            Start again
          </Act>
        </Row>
      );
    case "convoy":
      return (
        <Row
          look={convoyLook("failed")}
          title={<Opens id={need.convoy.id}>{need.convoy.title}</Opens>}
          why={need.convoy.failure?.message ?? "One of its beads failed."}
          at={need.convoy.updatedAt}
        />
      );
    case "escalation":
      return <EscalationRow need={need} />;
    case "question":
      return <QuestionRow question={need.question} />;
  }
}

function EscalationRow({ need }: { need: Extract<Need, { kind: "escalation" }> }) {
  const { escalation } = need;
  const rig = useImage("rig", escalation.subjectId);
  const title =
    escalation.subjectId && !rig ? (
      <Opens id={escalation.subjectId}>{escalation.title}</Opens>
    ) : (
      escalation.title
    );
  const look: Look =
    escalation.severity === "critical"
      ? { hue: "failed", shape: "alert", label: "Critical" }
      : alert;
  return (
    <Row
      look={look}
      title={title}
      why={
        <>
          <Linked text={escalation.body} /> <TriageNote triage={escalation.triage} />
        </>
      }
      at={escalation.createdAt}
    >
      {escalation.acknowledgedAt === null && (
        <Act name="escalation.acknowledge" body={{ escalation: escalation.id }}>
          Seen
        </Act>
      )}
      <Act name="escalation.resolve" body={{ escalation: escalation.id }}>
        Resolve
      </Act>
    </Row>
  );
}

/** Whether triage looks at it, and what it decided. */
function TriageNote({ triage }: Pick<Escalation, "triage">) {
  const text = triage === null ? null : triageText(triage);
  if (triage === null || text === null) return null;
  return (
    <RefLink id={triage.id} className="text-ink-3 underline-offset-2 hover:underline">
      {text}
    </RefLink>
  );
}

function QuestionRow({ question }: { question: Question }) {
  const { id, beadId, body, options, fallback, deadlineAt } = question;
  return (
    <Row
      look={{ ...alert, label: "A question" }}
      title={<Opens id={beadId}>{question.title}</Opens>}
      why={
        <>
          {body === question.title ? null : <Linked text={body} />}{" "}
          <span className="text-ink-3">
            {`Until ${new Date(deadlineAt).toLocaleString()}; then: ${fallback}`}
          </span>
        </>
      }
      at={question.createdAt}
    >
      {options.map((answer) => (
        <Act key={answer} name="question.answer" body={{ question: id, answer }}>
          {answer}
        </Act>
      ))}
      {options.length === 0 && <OwnAnswer id={id} title={question.title} />}
    </Row>
  );
}

/** An answer in one's own words. */
function OwnAnswer({ id, title }: { id: string; title: string }) {
  const [text, setText] = useState("");
  const answer = text.trim();
  return (
    <>
      <input
        aria-label={`Answer to: ${title}`}
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="h-6 w-44 rounded-md border border-line-strong bg-panel px-2 text-xs text-ink max-sm:h-8"
      />
      {answer !== "" && (
        <Act name="question.answer" body={{ question: id, answer }}>
          Answer
        </Act>
      )}
    </>
  );
}

function ParkedRigRow({ need }: { need: Extract<Need, { kind: "rig" }> }) {
  return (
    <Row
      look={rigLook({ state: "parked", deletion: null })}
      title={
        <Link
          to={`/rigs/${need.rig.id}`}
          search={{}}
          data-row=""
          className="hover:underline"
        >{`Rig ${need.rig.name} is parked`}</Link>
      }
      why={need.rig.parked?.message ?? "Its baseline failed."}
      at={null}
    >
      <Act name="rig.recheck" body={{ rig: need.rig.id }}>
        Check again
      </Act>
    </Row>
  );
}

function ReviewRow({ need }: { need: Extract<Need, { kind: "review" }> }) {
  return (
    <Row
      look={reviewLook("needs_person")}
      title={<Opens id={need.review.id}>{need.review.title}</Opens>}
      why={
        need.review.wait?.text ??
        "The reviewer could not decide. Read the change and say yes or no."
      }
      at={need.review.updatedAt}
    >
      <RefLink id={need.review.id} className={linkButton}>
        Decide
      </RefLink>
    </Row>
  );
}
