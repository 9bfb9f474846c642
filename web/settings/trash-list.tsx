/** Rigs that were deleted: taken back, or removed for good before their time. */
import { useState } from "react";
import { toast } from "sonner";
import type { TrashedRig } from "../../protocol/index.ts";
import { useAnswered } from "../lib/answered.ts";
import { useCommand, useConnection, useImages } from "../lib/town.tsx";
import { Age } from "../ui/age.tsx";
import { Button } from "../ui/button.tsx";
import { Section } from "../ui/card.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Refusal, SkeletonRows } from "../ui/feedback.tsx";
import { count } from "../words/figures.ts";

export function TrashList() {
  // What comes and goes is no image: the rigs that are left tell of it.
  const rigs = useImages("town", "rig");
  const stamp = rigs.map(({ id, deletion }) => `${id}${deletion === null ? "" : "-"}`).join();
  const { value: all, error, again } = useAnswered("trash.list", {}, stamp);
  return (
    <Section title="Trash" count={all?.length || undefined}>
      {error && <Refusal error={error} className="m-4" />}
      {all === null && !error && <SkeletonRows rows={2} />}
      {all?.length === 0 && (
        <p className="px-4 py-3 text-sm text-ink-3">
          Empty. A rig that you delete can be taken back here.
        </p>
      )}
      {all && all.length > 0 && (
        <ul className="divide-y divide-line">
          {all.map((rig) => (
            <TrashRow key={rig.id} rig={rig} onGone={again} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function TrashRow({ rig, onGone }: { rig: TrashedRig; onGone: () => Promise<void> }) {
  const [asking, setAsking] = useState(false);
  const restore = useCommand("rig.restore");
  const connection = useConnection();
  const { id, name, deletion, purgeAt, beads, unfinished } = rig;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5 text-sm">
      <span className="min-w-32 font-medium">{name}</span>
      <span className="text-ink-2">
        {count(beads, "bead")}
        {unfinished > 0 && `, ${unfinished} unfinished`}
      </span>
      <span className="text-xs text-ink-3">
        deleted by {deletion.by.replace(/^person:/, "")} <Age at={deletion.at} form="ago" />, gone
        for good <Age at={purgeAt} form="until" />
        {deletion.work === "drop" && ", its work with it"}
      </span>
      <span className="ml-auto flex gap-2">
        <Button
          size="small"
          sent={restore.state.phase === "sent"}
          aria-label={`Take back ${name}`}
          onClick={() => void restore.run({ rig: id })}
        >
          Take back
        </Button>
        <Button
          size="small"
          look="danger"
          aria-label={`Remove for good: ${name}`}
          onClick={() => setAsking(true)}
        >
          Remove for good
        </Button>
      </span>
      {restore.state.phase === "refused" && (
        <Refusal error={restore.state.error} className="basis-full" />
      )}
      {asking && (
        <Confirm
          title={`Remove ${name} for good?`}
          action="Remove for good"
          look="danger"
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            const answer = await connection.call("rig.purge", { rig: id });
            if (answer.ok) toast(`Rig ${name} is gone`);
            if (answer.ok) await onGone();
            return answer;
          }}
        >
          <p>
            Its beads, their history and its settings go now, and each runner removes its copies
            when it is connected. This cannot be taken back.
          </p>
          <p>
            {deletion.work === "drop"
              ? "Work that has not landed is deleted, in the repository too."
              : "Work that has not landed stays: in the repository, or on its runner, and you are told where."}
          </p>
        </Confirm>
      )}
    </li>
  );
}
