/** Where a runner has no sandbox, a rig dispatches nothing before its owner said this sentence. */
import { ShieldOff } from "lucide-react";
import { useState } from "react";
import type { Rig } from "../../protocol/index.ts";
import { useCommand } from "../lib/town.tsx";
import { useBareRunner } from "../shell/town-facts.tsx";
import { Button } from "../ui/button.tsx";
import { Refusal } from "../ui/feedback.tsx";
import { CheckField } from "../ui/field.tsx";

const SENTENCE = "Agents on this host can read everything I can.";

export function Isolation({ rig }: { rig: Rig }) {
  const bare = useBareRunner();
  const update = useCommand("rig.update");
  const [agreed, setAgreed] = useState(false);
  if (bare?.isolation !== "none") return null;
  const set = (isolationConfirmed: boolean) =>
    void update.run({ rig: rig.id, version: rig.version, set: { isolationConfirmed } });
  return (
    <section aria-label="Isolation" className="hatched rounded-lg border border-line-strong p-1">
      <div className="space-y-3 rounded-md bg-panel p-3">
        <p className="flex items-start gap-2 text-sm">
          <ShieldOff
            size={16}
            strokeWidth={1.5}
            aria-hidden
            className="mt-px shrink-0 text-s-failed"
          />
          <span>
            <span className="font-medium">Runner {bare.name} has no sandbox.</span>{" "}
            {bare.isolationReason ?? ""}{" "}
            {rig.isolationConfirmed
              ? "You have confirmed that agents may run all the same."
              : "Nothing of this rig is dispatched before you confirm."}
          </span>
        </p>
        {rig.isolationConfirmed ? (
          <Button size="small" sent={update.state.phase === "sent"} onClick={() => set(false)}>
            Take my confirmation back
          </Button>
        ) : (
          <div className="flex flex-wrap items-center gap-3">
            <CheckField
              label={SENTENCE}
              checked={agreed}
              onChange={(event) => setAgreed(event.target.checked)}
            />
            <Button
              size="small"
              disabled={!agreed}
              sent={update.state.phase === "sent"}
              onClick={() => set(true)}
            >
              Confirm
            </Button>
          </div>
        )}
        {update.state.phase === "refused" && <Refusal error={update.state.error} />}
      </div>
    </section>
  );
}
