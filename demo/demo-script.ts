import { defaultEntries } from "../scripted/default-script.ts";
import { literalPattern } from "../scripted/pattern.ts";
import { scriptSchema, type Script } from "../scripted/script.ts";
import { demoBeads, twoBeads, type DemoBead } from "./beads.ts";
import { polecatEntries, refineryEntries, type EntryInput } from "./entries.ts";
import { DEMO_POLICY, type DemoPolicy } from "./policy.ts";
import { themeOf, type Theme } from "./theme.ts";

/** A plan that is played: what to say to the Mayor and what comes of it. */
export interface DemoPlan {
  readonly script: Script;
  /** The words of the person, to be sent to the Mayor as they are. */
  readonly wish: string;
  readonly convoyTitle: string;
  /** In an order in which they may land. */
  readonly beads: readonly DemoBead[];
  readonly policy: DemoPolicy;
}

/** Before the Mayor's last words, so that a convoy is seen slung while the turn is open. */
const MAYOR_LAST_PAUSE_MS = { demo: 500, twoBeads: 2_500 } as const;
/** Between words of the agents to be killed at any moment: their turns last, a little. */
const TWO_BEADS_PACE_MS = 60;

/** Five beads with dependencies, to which everything happens that can be recovered from. */
export function demoScript(seed: number): DemoPlan {
  const theme = themeOf(seed);
  const wish = `Please give the ${theme.title} a ${theme.modules.desk.noun} where one can see all ${theme.items} and choose some under a limit.`;
  return planOf("demo", theme, wish, demoBeads(theme), {
    lastPauseMs: MAYOR_LAST_PAUSE_MS.demo,
    paceMs: 20,
  });
}

/** Two dependent beads without deliberate faults. */
export function twoBeadScript(seed: number): DemoPlan {
  const theme = themeOf(seed);
  const wish = `Please teach the ${theme.title} to count its ${theme.items} and to say their ${theme.modules.mean.noun}.`;
  return planOf("two-beads", theme, wish, twoBeads(theme), {
    lastPauseMs: MAYOR_LAST_PAUSE_MS.twoBeads,
    paceMs: TWO_BEADS_PACE_MS,
  });
}

/** The same wish for a model that thinks: it has to know how it is to be cut. */
export function smokeWish(seed: number): string {
  return `${twoBeadScript(seed).wish} Make it one convoy of exactly two beads: the first adds the counting in a module with tests, the second builds on it and waits for it. Do not ask me anything.`;
}

function planOf(
  name: string,
  theme: Theme,
  wish: string,
  beads: readonly DemoBead[],
  tempo: { lastPauseMs: number; paceMs: number },
): DemoPlan {
  const convoyTitle = `${theme.title}: ${beads.at(-1)?.title ?? wish}`;
  const entries = [
    mayorEntry(theme, wish, convoyTitle, beads, tempo.lastPauseMs),
    ...beads.flatMap((bead) => polecatEntries(theme, bead)),
    ...beads.flatMap((bead) => refineryEntries(theme, bead)),
    ...defaultEntries,
  ];
  const script = scriptSchema.parse({
    name,
    defaults: { pauseMs: 250, paceMs: tempo.paceMs },
    entries,
  });
  return { script, wish, convoyTitle, beads, policy: DEMO_POLICY };
}

function mayorEntry(
  theme: Theme,
  wish: string,
  title: string,
  beads: readonly DemoBead[],
  lastPauseMs: number,
): EntryInput {
  const tasks = beads.map((bead) => ({
    key: bead.key,
    title: bead.title,
    body: bead.body,
    ...(bead.dependsOn.length > 0 ? { depends_on: [...bead.dependsOn] } : {}),
  }));
  const rig = "{{tool.gt_rigs | /\\brg[_-][0-9a-z]{6,26}\\b/}}";
  const list = beads.map((bead) => {
    const before = bead.dependsOn.map((key) => `the ${theme.modules[key].noun}`);
    return `- **${bead.title}**${before.length > 0 ? `, after ${before.join(" and ")}` : ""}`;
  });
  const closing = `# The convoy is on its way\n\nI cut your wish into ${beads.length} beads:\n\n${list.join("\n")}\n\nEach goes through the gates and a review before it lands. I will be here.\n`;
  return {
    role: "mayor",
    says: literalPattern(wish),
    turns: [
      {
        text: "# Looking at the rigs\n\nLet me see where this belongs.\n",
        tools: [{ name: "gt_rigs" }],
      },
      {
        text: "# Planning the convoy\n",
        tools: [{ name: "gt_sling_convoy", arguments: { rig, title, tasks } }],
      },
      { text: closing, pauseMs: lastPauseMs },
    ],
  };
}
