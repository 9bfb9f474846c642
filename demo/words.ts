/** A place and what is kept there: `unit` is the name of the number each thing carries. */
export interface Trade {
  readonly place: string;
  readonly item: string;
  readonly items: string;
  readonly unit: string;
  readonly samples: readonly [string, string, string];
}

export const TRADES: readonly Trade[] = [
  {
    place: "orchard",
    item: "pear",
    items: "pears",
    unit: "grams",
    samples: ["conference", "williams", "abate"],
  },
  {
    place: "harbour",
    item: "skiff",
    items: "skiffs",
    unit: "tonnes",
    samples: ["petrel", "osprey", "curlew"],
  },
  {
    place: "observatory",
    item: "comet",
    items: "comets",
    unit: "sightings",
    samples: ["halley", "encke", "biela"],
  },
  {
    place: "apiary",
    item: "hive",
    items: "hives",
    unit: "frames",
    samples: ["linden", "heather", "clover"],
  },
  {
    place: "quarry",
    item: "slab",
    items: "slabs",
    unit: "kilos",
    samples: ["granite", "basalt", "marble"],
  },
  {
    place: "vineyard",
    item: "cask",
    items: "casks",
    unit: "litres",
    samples: ["riesling", "malbec", "gamay"],
  },
  {
    place: "bakehouse",
    item: "loaf",
    items: "loaves",
    unit: "ounces",
    samples: ["rye", "spelt", "barley"],
  },
  {
    place: "pottery",
    item: "jug",
    items: "jugs",
    unit: "pints",
    samples: ["celadon", "raku", "tenmoku"],
  },
  {
    place: "greenhouse",
    item: "fern",
    items: "ferns",
    unit: "fronds",
    samples: ["maidenhair", "staghorn", "bracken"],
  },
  {
    place: "belfry",
    item: "bell",
    items: "bells",
    unit: "stones",
    samples: ["treble", "tenor", "bourdon"],
  },
  {
    place: "stable",
    item: "pony",
    items: "ponies",
    unit: "hands",
    samples: ["shetland", "fell", "dales"],
  },
  {
    place: "windmill",
    item: "sack",
    items: "sacks",
    unit: "bushels",
    samples: ["wheat", "oats", "maize"],
  },
  {
    place: "scriptorium",
    item: "folio",
    items: "folios",
    unit: "leaves",
    samples: ["psalter", "atlas", "herbal"],
  },
  {
    place: "dairy",
    item: "cheese",
    items: "cheeses",
    unit: "wheels",
    samples: ["gouda", "comte", "cheddar"],
  },
  {
    place: "tannery",
    item: "hide",
    items: "hides",
    unit: "yards",
    samples: ["calf", "kid", "bison"],
  },
  {
    place: "aviary",
    item: "finch",
    items: "finches",
    unit: "notes",
    samples: ["linnet", "siskin", "twite"],
  },
];

export const EPITHETS: readonly string[] = [
  "Amber",
  "Brindled",
  "Cobalt",
  "Dappled",
  "Eastern",
  "Foxglove",
  "Gilded",
  "Hollow",
  "Ivory",
  "Juniper",
  "Lantern",
  "Mossy",
  "Northern",
  "Ochre",
  "Quiet",
  "Russet",
];

/** The last half of a module's name, per bead: `pear-tally.ts`. */
export const NOUNS = {
  tally: ["tally", "census", "reckoning", "muster"],
  order: ["ranking", "lineup", "ladder", "pecking"],
  report: ["ledger", "bulletin", "digest", "gazette"],
  pick: ["shortlist", "hamper", "selection", "basket"],
  desk: ["desk", "counter", "office", "window"],
  mean: ["average", "norm", "midpoint", "par"],
} as const;

/** First half of a marker. */
export const MARKER_WORDS: readonly string[] = [
  "acorn",
  "bramble",
  "cinder",
  "drizzle",
  "ember",
  "fennel",
  "gravel",
  "hazel",
  "inkwell",
  "jetty",
  "kettle",
  "lichen",
  "marrow",
  "nettle",
  "otter",
  "pebble",
];
