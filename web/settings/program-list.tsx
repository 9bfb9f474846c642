/** Which program the agents of each role are. */
import { useCallback, useEffect, useState } from "react";
import {
  agentProgramSchema,
  PROGRAM_TITLES,
  programsFor,
  type AgentProgram,
  type CommandValue,
  type ErrorBody,
} from "../../protocol/index.ts";
import { useCommand, useConnection, useConnectionState } from "../lib/town.tsx";
import { Section } from "../ui/card.tsx";
import { Refusal, SkeletonRows } from "../ui/feedback.tsx";
import { SelectField } from "../ui/field.tsx";

type Choice = CommandValue<"program.get">[number];

export function ProgramList() {
  const connection = useConnection();
  const online = useConnectionState().phase === "online";
  const [choices, setChoices] = useState<Choice[] | null>(null);
  const [error, setError] = useState<ErrorBody | null>(null);
  const load = useCallback(async () => {
    const answer = await connection.call("program.get", {});
    if (answer.ok) setChoices(answer.value);
    setError(answer.ok ? null : answer.error);
  }, [connection]);
  useEffect(() => {
    if (online) void load();
  }, [load, online]);
  return (
    <Section title="Agent programs">
      {error && <Refusal error={error} className="m-4" />}
      {choices === null && !error && <SkeletonRows rows={2} />}
      {choices && (
        <div className="grid grid-cols-2 gap-3 p-4 max-sm:grid-cols-1">
          {choices.map((choice) => (
            <ProgramField key={choice.role} choice={choice} onChanged={load} />
          ))}
        </div>
      )}
    </Section>
  );
}

function ProgramField({ choice, onChanged }: { choice: Choice; onChanged: () => Promise<void> }) {
  const set = useCommand("program.set");
  const { role, program, runners } = choice;
  const change = async (to: AgentProgram) => {
    await set.run({ role, program: to });
    await onChanged();
  };
  const help =
    runners.length === 0
      ? `No connected runner has ${PROGRAM_TITLES[program]}.`
      : `On ${runners.join(", ")}.`;
  return (
    <div>
      <SelectField
        label={role.replace(/^./, (letter) => letter.toUpperCase())}
        help={help}
        value={program}
        disabled={set.state.phase === "sent"}
        onChange={(event) => void change(agentProgramSchema.parse(event.target.value))}
      >
        {programsFor(role).map((each) => (
          <option key={each} value={each}>
            {PROGRAM_TITLES[each]}
          </option>
        ))}
      </SelectField>
      {set.state.phase === "refused" && <Refusal error={set.state.error} className="mt-2" />}
    </div>
  );
}
