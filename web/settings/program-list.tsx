/** Which program the agents of each role are. */
import {
  agentProgramSchema,
  PROGRAM_TITLES,
  programsFor,
  type AgentProgram,
  type CommandValue,
} from "../../protocol/index.ts";
import { useAnswered } from "../lib/answered.ts";
import { useCommand } from "../lib/town.tsx";
import { Section } from "../ui/card.tsx";
import { Refusal, SkeletonRows } from "../ui/feedback.tsx";
import { SelectField } from "../ui/field.tsx";

type Choice = CommandValue<"program.get">[number];

export function ProgramList() {
  const { value: choices, error, again } = useAnswered("program.get", {});
  return (
    <Section title="Agent programs">
      {error && <Refusal error={error} className="m-4" />}
      {choices === null && !error && <SkeletonRows rows={2} />}
      {choices && (
        <div className="grid grid-cols-2 gap-3 p-4 max-sm:grid-cols-1">
          {choices.map((choice) => (
            <ProgramField key={choice.role} choice={choice} onChanged={again} />
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
