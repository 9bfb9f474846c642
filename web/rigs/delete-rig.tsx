/** Deletes a rig, with the choice of what becomes of its work; while its runs end it can be taken back here, later in the settings. */
import { useState } from "react";
import { toast } from "sonner";
import type { Rig, WorkChoice } from "../../protocol/index.ts";
import { useCommand, useConnection } from "../lib/town.tsx";
import { Age } from "../ui/age.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Refusal } from "../ui/feedback.tsx";
import { SelectField } from "../ui/field.tsx";

const HELP: Readonly<Record<WorkChoice, string>> = {
  save: "What the repository does not hold is copied there, or stays on its runner, and you are told where.",
  drop: "What was saved of it is deleted, in the repository too.",
};

export function DeleteRig({ rig }: { rig: Rig }) {
  const [asking, setAsking] = useState(false);
  const [work, setWork] = useState<WorkChoice>("save");
  const connection = useConnection();
  if (rig.deletion) return null;
  return (
    <div className="flex justify-end">
      <Button look="danger" onClick={() => setAsking(true)}>
        Delete this rig
      </Button>
      {asking && (
        <Confirm
          title={`Delete ${rig.name}?`}
          action="Delete the rig"
          look="danger"
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            const answer = await connection.call("rig.remove", { rig: rig.id, work });
            if (answer.ok) toast(`Rig ${rig.name} is being deleted`);
            return answer;
          }}
        >
          <p>
            Its runs end with their work saved. Then the rig is in the trash with its beads, and can
            be taken back from the settings until its time there is over. The repository itself is
            not touched.
          </p>
          <SelectField
            label="Work that has not landed, once the rig is gone for good"
            help={HELP[work]}
            value={work}
            onChange={(event) => setWork(event.target.value === "drop" ? "drop" : "save")}
          >
            <option value="save">Keep it</option>
            <option value="drop">Delete it</option>
          </SelectField>
        </Confirm>
      )}
    </div>
  );
}

/** A rig on its way into the trash. */
export function Deleting({ rig }: { rig: Rig }) {
  const restore = useCommand("rig.restore");
  if (!rig.deletion) return null;
  const { by, at } = rig.deletion;
  return (
    <section
      aria-label="Deletion"
      className="flex flex-wrap items-center gap-3 rounded-lg border border-line-strong bg-panel p-3 text-sm"
    >
      <p className="min-w-0 flex-1">
        <span className="font-medium">{by.replace(/^person:/, "")} deletes this rig,</span> since{" "}
        <Age at={at} />. Nothing new is started; it is in the trash when its runs have ended.
      </p>
      <Button
        sent={restore.state.phase === "sent"}
        onClick={() => void restore.run({ rig: rig.id })}
      >
        Take it back
      </Button>
      {restore.state.phase === "refused" && (
        <Refusal error={restore.state.error} className="basis-full" />
      )}
    </section>
  );
}
