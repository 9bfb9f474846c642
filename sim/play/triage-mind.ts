/** What a triage agent makes of its requests: by chance, and not always what it was asked for. */
import { triageActionSchema } from "../../protocol/index.ts";
import type { Answer, Mind } from "../agent/answer.ts";
import type { SimRandom } from "../random.ts";

const ACTIONS = triageActionSchema.options;
/** Of its runs: says that it is done and decides nothing, and dies before it decides. */
const LIES = 0.3;
const DIES = 0.1;
/** Of its calls: about a request that is not its own. */
const STRAYS = 0.1;

interface Character {
  random: SimRandom;
  oddity: string | null;
}

export function triageMind({ random, oddity }: Character): Mind {
  const character = random.unit();
  const lies = oddity === "lies" || character < LIES;
  const dies = oddity === "dies" || (character >= LIES && character < LIES + DIES);
  let left: Answer[] | null = null;
  const think = () => ({ afterMs: 500 + random.below(20_000) });
  return ({ prompt }) => {
    if (oddity === "goes silent") return { silent: true };
    if (dies) return { ...think(), dies: true };
    if (lies) return { ...think(), text: "It is all decided." };
    // A re-prompt does not name them again.
    left ??= [...prompt.matchAll(/^Request \d+: (tr_\S+)/gm)].flatMap(([, id = ""]) => {
      const stray = random.unit() < STRAYS ? [decide("tr_none", random.below(4))] : [];
      return [...stray, { ...think(), ...decide(id, random.below(4)) }];
    });
    return left.shift() ?? { text: "Done." };
  };
}

function decide(request: string, n: number): Answer {
  const action = ACTIONS[n] ?? "escalate";
  return { tool: { name: "gt_triage_decide", arguments: { request, action, note: "So be it." } } };
}
