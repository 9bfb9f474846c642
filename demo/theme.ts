import { Draw } from "./draw.ts";
import { EPITHETS, MARKER_WORDS, NOUNS, TRADES, type Trade } from "./words.ts";

/** The pieces of the sample project that beads add, one module each. */
export const MODULE_KEYS = ["tally", "order", "report", "pick", "desk", "mean"] as const;
export type ModuleKey = (typeof MODULE_KEYS)[number];

/** How one module is called everywhere. */
export interface ModuleName {
  /** `pear-tally` */
  readonly file: string;
  /** `pearTally` */
  readonly call: string;
  /** `tally` */
  readonly noun: string;
  /** The one line that the bead leaves in the tree: `// marker: acorn-1f…` */
  readonly marker: string;
}

/** What a seed decides about the words of the sample project. */
export interface Theme extends Trade {
  readonly seed: number;
  /** `Amber Orchard` */
  readonly title: string;
  /** `amber-orchard` */
  readonly slug: string;
  /** `Pear` */
  readonly type: string;
  readonly modules: Readonly<Record<ModuleKey, ModuleName>>;
}

export function themeOf(seed: number): Theme {
  const draw = new Draw(seed, "theme");
  const trade = draw.pick(TRADES);
  const epithet = draw.pick(EPITHETS);
  const words = draw.shuffle(MARKER_WORDS);
  const named = (key: ModuleKey, index: number): ModuleName => {
    const noun = draw.pick(NOUNS[key]);
    const first = key === "desk" ? trade.place : trade.item;
    return {
      file: `${first}-${noun}`,
      call: `${first}${capital(noun)}`,
      noun,
      marker: `// marker: ${words[index]}-${draw.hex(10)}`,
    };
  };
  const modules = Object.fromEntries(
    MODULE_KEYS.map((key, index) => [key, named(key, index)]),
  ) as Record<ModuleKey, ModuleName>;
  return {
    ...trade,
    seed,
    title: `${epithet} ${capital(trade.place)}`,
    slug: `${epithet.toLowerCase()}-${trade.place}`,
    type: capital(trade.item),
    modules,
  };
}

export function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
