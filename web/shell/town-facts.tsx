/** What every part of the frame needs to know about the town, from topics that are always followed. */
import { useMemo } from "react";
import type { Run, Runner } from "../../protocol/index.ts";
import { useImages, useTopic, useTown } from "../lib/town.tsx";
import { runsAtWork } from "../model/board.ts";
import { type Need, needsOf } from "../model/needs.ts";

/** What needs a person now. */
export function useNeeds(): Need[] {
  const town = useTown();
  const rigs = useImages("town", "rig");
  const runners = useImages("town", "runner");
  const escalations = useImages("town", "escalation");
  const questions = useImages("town", "question");
  const reviews = useImages("reviews", "review");
  const issues = useImages("board", "issue");
  const convoys = useImages("convoys", "convoy");
  return useMemo(
    () => needsOf({ town, rigs, runners, escalations, questions, reviews, issues, convoys }),
    [town, rigs, runners, escalations, questions, reviews, issues, convoys],
  );
}

/** The runner whose agents share most with its host, files before the network: shown on every page. */
export function useBareRunner(): Pick<Runner, "name" | "isolation" | "isolationReason"> | null {
  const runners = useImages("town", "runner").filter((runner) => runner.state !== "lost");
  const none = runners.find(({ isolation }) => isolation === "none");
  // Users without a reason lack nothing.
  const open = runners.find(
    ({ isolation, isolationReason: reason }) => isolation === "user" && reason !== null,
  );
  return none ?? open ?? null;
}

export function useScripted(): boolean {
  return useTown()?.model?.provider === "scripted";
}

/** Whether everything is here that `useNeeds` and the counts of the frame are made of. */
export function useFrameReady(): boolean {
  const topics = [
    useTopic("town"),
    useTopic("board"),
    useTopic("convoys"),
    useTopic("agents"),
    useTopic("reviews"),
  ];
  return topics.every((topic) => topic.ready);
}

/** Runs that are at work, oldest first. */
export function useRunsAtWork(): Run[] {
  const runs = useImages("agents", "run");
  const agents = useImages("agents", "agent");
  return useMemo(() => runsAtWork(runs, agents), [runs, agents]);
}

/** Keeps the topics of the frame: views open with what is already here. */
export function FrameTopics() {
  useTopic("town");
  useTopic("board");
  useTopic("convoys");
  useTopic("agents");
  useTopic("reviews");
  return null;
}
