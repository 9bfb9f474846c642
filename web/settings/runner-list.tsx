/** The hosts that agents run on. */
import type { HostFigures, Runner } from "../../protocol/index.ts";
import { useCommand, useImages } from "../lib/town.tsx";
import { Age } from "../ui/age.tsx";
import { Button } from "../ui/button.tsx";
import { Section } from "../ui/card.tsx";
import { Refusal } from "../ui/feedback.tsx";
import { StateChip } from "../ui/state-mark.tsx";
import { bytes, count } from "../words/figures.ts";
import { runnerLook } from "../words/states.ts";
import { RunnerGrants } from "./runner-grants.tsx";

export function RunnerList() {
  const runners = useImages("town", "runner");
  return (
    <Section title="Runners" count={runners.length || undefined}>
      {runners.length === 0 ? (
        <p className="px-4 py-3 text-sm text-ink-3">
          No runner is connected. Nothing can be dispatched.
        </p>
      ) : (
        <ul className="divide-y divide-line">
          {runners.map((runner) => (
            <RunnerRow key={runner.id} runner={runner} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function RunnerRow({ runner }: { runner: Runner }) {
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5 text-sm">
      <span className="min-w-32 font-medium">{runner.name}</span>
      <StateChip look={runnerLook(runner)} />
      <GoingLine runner={runner} />
      <span className="num text-ink-2">{count(runner.slots, "slot")}</span>
      <span className="text-ink-2">{runner.programs.join(", ") || "no agent program"}</span>
      {runner.lfs && <span className="text-ink-2">git-lfs</span>}
      <span className={runner.isolation === "none" ? "text-s-failed" : "text-ink-2"}>
        {isolationWords(runner)}
      </span>
      {runner.host && runner.state === "connected" && <HostLine host={runner.host} />}
      <span className="num ml-auto text-xs text-ink-3">
        {runner.version}
        {runner.state !== "connected" && (
          <>
            , last seen <Age at={runner.lastSeenAt} form="ago" />
          </>
        )}
      </span>
      {runner.revokedAt === null && <AwayButton runner={runner} />}
      <RunnerGrants runner={runner} />
    </li>
  );
}

/** Since when it is given nothing new, and by whose word. */
function GoingLine({ runner: { leavingAt, away } }: { runner: Runner }) {
  const at = leavingAt ?? away?.at;
  if (at === undefined) return null;
  const who = away === null ? "" : ` by ${away.by.replace(/^person:/, "")}`;
  return (
    <span className="text-xs text-ink-3">
      since <Age at={at} />
      {who}
      {away !== null && away.reason !== "" && `: ${away.reason}`}
    </span>
  );
}

function AwayButton({ runner }: { runner: Runner }) {
  const isAway = runner.away !== null;
  const command = useCommand(isAway ? "runner.resume" : "runner.drain");
  return (
    <>
      <Button
        size="small"
        sent={command.state.phase === "sent"}
        aria-label={isAway ? `Resume ${runner.name}` : `Set away ${runner.name}`}
        onClick={() => void command.run({ runner: runner.id })}
      >
        {isAway ? "Resume" : "Set away"}
      </Button>
      {command.state.phase === "refused" && (
        <Refusal error={command.state.error} className="basis-full" />
      )}
    </>
  );
}

/** What the host has left; what it refuses instead, where it does. */
function HostLine({ host }: { host: HostFigures }) {
  if (host.refuses)
    return (
      <span className="text-s-waiting">
        takes {host.refuses.what === "agents" ? "no more agents" : "nothing more"}:{" "}
        {host.refuses.why}
      </span>
    );
  return (
    <span className="num text-xs text-ink-3">
      {bytes(host.memoryFreeBytes)} of {bytes(host.memoryBytes)} memory free,{" "}
      {bytes(host.diskFreeBytes)} disk free, load {host.load1.toFixed(1)} on{" "}
      {count(host.cores, "core")}
      {host.agentSlots !== undefined && host.agentBytes !== undefined && (
        <>
          , memory for {count(host.agentSlots, "agent")} of {bytes(host.agentBytes)}
        </>
      )}
    </span>
  );
}

function isolationWords({ isolation, isolationReason: reason }: Runner): string {
  if (isolation === "bwrap") return "sandboxed";
  if (isolation === "user")
    return `users of their own, network ${reason === null ? "filtered" : "open"}`;
  return `no isolation${reason ? `: ${reason}` : ""}`;
}
