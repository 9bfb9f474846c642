/** What a bead changes. Asked for when opened; the renderer is loaded with it. */
import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import type { CommandValue, ErrorBody } from "../../protocol/index.ts";
import { Part } from "../drawers/sections.tsx";
import { useConnection } from "../lib/town.tsx";
import { Button } from "../ui/button.tsx";
import { Refusal, SkeletonRows } from "../ui/feedback.tsx";
import { count } from "../words/figures.ts";

const DiffFiles = lazy(() =>
  import("./diff-files.tsx").then((module) => ({ default: module.DiffFiles })),
);

type Diff = CommandValue<"bead.diff">;
type Stage =
  | { phase: "shut" }
  | { phase: "asked" }
  | { phase: "shown"; diff: Diff }
  | { phase: "refused"; error: ErrorBody };

export function DiffPart({ beadId, headOid }: { beadId: string; headOid: string }) {
  const connection = useConnection();
  const [stage, setStage] = useState<Stage>({ phase: "shut" });
  useEffect(() => setStage({ phase: "shut" }), [headOid]);
  const ask = useCallback(async () => {
    setStage({ phase: "asked" });
    const answer = await connection.call("bead.diff", { bead: beadId });
    setStage(
      answer.ok
        ? { phase: "shown", diff: answer.value }
        : { phase: "refused", error: answer.error },
    );
  }, [connection, beadId]);
  const shown = stage.phase === "shown" ? stage.diff : null;
  return (
    <Part
      title="Changes"
      count={shown?.files.length}
      action={
        stage.phase === "shown" ? (
          <Total diff={stage.diff} />
        ) : (
          <Button size="small" sent={stage.phase === "asked"} onClick={() => void ask()}>
            Show the diff
          </Button>
        )
      }
    >
      {stage.phase === "refused" && <Refusal error={stage.error} />}
      {shown && shown.files.length === 0 && (
        <p className="text-sm text-ink-3">It changes no file.</p>
      )}
      {shown && shown.files.length > 0 && (
        <Suspense fallback={<SkeletonRows rows={3} />}>
          <DiffFiles diff={shown.diff} />
        </Suspense>
      )}
      {shown?.truncated && (
        <p className="mt-2 text-xs text-ink-3">The diff is long; its end is left out here.</p>
      )}
    </Part>
  );
}

function Total({ diff }: { diff: Diff }) {
  const sum = (key: "additions" | "deletions") =>
    diff.files.reduce((total, file) => total + file[key], 0);
  return (
    <span className="num text-xs">
      <span className="text-ink-3">{count(diff.files.length, "file")} </span>
      <span className="text-s-landed">+{sum("additions")}</span>{" "}
      <span className="text-s-failed">−{sum("deletions")}</span>
    </span>
  );
}
