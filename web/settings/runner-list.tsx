/** The hosts that agents run on. */
import { useImages } from "../lib/town.tsx";
import { Age } from "../ui/age.tsx";
import { Section } from "../ui/card.tsx";
import { StateChip } from "../ui/state-mark.tsx";
import { count } from "../words/figures.ts";
import { runnerLook } from "../words/states.ts";

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
            <li
              key={runner.id}
              className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5 text-sm"
            >
              <span className="min-w-32 font-medium">{runner.name}</span>
              <StateChip look={runnerLook(runner.state)} />
              <span className="num text-ink-2">{count(runner.slots, "slot")}</span>
              <span className="text-ink-2">{runner.programs.join(", ") || "no agent program"}</span>
              <span className={runner.isolation === "none" ? "text-s-failed" : "text-ink-2"}>
                {runner.isolation === "none"
                  ? `no isolation${runner.isolationReason ? `: ${runner.isolationReason}` : ""}`
                  : "sandboxed"}
              </span>
              <span className="ml-auto text-xs text-ink-3">
                {runner.state !== "connected" && (
                  <>
                    last seen <Age at={runner.lastSeenAt} form="ago" />
                  </>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
