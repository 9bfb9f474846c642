/** A convoy in one line with how far it is. */
import { useMemo } from "react";
import type { Convoy } from "../../protocol/index.ts";
import { useImage, useImages } from "../lib/town.tsx";
import { progressOf } from "../model/board.ts";
import { RefLink } from "../shell/ref-link.tsx";
import { Age } from "../ui/age.tsx";
import { ProgressBar } from "../ui/bar.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { convoyLook } from "../words/states.ts";

export function ConvoyRow({ convoy }: { convoy: Convoy }) {
  const issues = useImages("board", "issue");
  const rig = useImage("rig", convoy.rigId);
  const progress = useMemo(
    () => progressOf(issues.filter((issue) => issue.convoyId === convoy.id)),
    [issues, convoy.id],
  );
  return (
    <RefLink
      row
      id={convoy.id}
      className="block px-3 py-2.5 hover:bg-raised focus-visible:-outline-offset-2 data-open:bg-raised"
    >
      <span className="flex items-center gap-2.5">
        <StateMark look={convoyLook(convoy.state)} />
        <span className="min-w-0 flex-1 truncate text-sm">{convoy.title}</span>
        {rig && (
          <span className="max-w-28 truncate text-xs text-ink-3 @max-md:hidden">{rig.name}</span>
        )}
        <span className="num text-xs text-ink-2">
          {progress.landed + progress.closed}/{progress.total}
        </span>
        <Age
          at={convoy.landedAt ?? convoy.createdAt}
          className="w-12 text-right text-xs text-ink-3"
        />
      </span>
      <span className="mt-2 block pl-6">
        <ProgressBar progress={progress} />
      </span>
    </RefLink>
  );
}
