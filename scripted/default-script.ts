import { scriptSchema, type Script, type ScriptInput } from "./script.ts";

/** Appends one line to a file, once: the body's `File:` and `Line:` lines name them, if it has any. */
const APPEND_LINE = [
  "file={{context | /^File: *(.+?) *$/m ?? GASTOWN.md | sh}}",
  "line={{context | /^Line: *(.+?) *$/m ?? | sh}}",
  '[ -n "$line" ] || line={{bead.id | sh}}',
  'mkdir -p "$(dirname -- "$file")"',
  'touch -- "$file"',
  'grep -qxF -e "$line" -- "$file" || printf "%s\\n" "$line" >> "$file"',
  'tail -n 3 -- "$file"',
].join("\n");

/** What the entries of `defaultScript` are, so that other scripts can end with them. */
export const defaultEntries: ScriptInput["entries"] = [
  {
    role: "mayor",
    turns: [
      { text: "# Looking at the rigs\n", tools: [{ name: "gt_rigs" }] },
      {
        text: "# Slinging one bead\n",
        tools: [
          {
            name: "gt_sling",
            arguments: {
              rig: "{{tool.gt_rigs | /\\brg[_-][0-9a-z]{6,26}\\b/}}",
              title: "{{user.words | /^\\s*(.{1,80})/}}",
              body: "{{user.words}}",
            },
          },
        ],
      },
      {
        text: "# One bead is slung\n\nA polecat takes it as soon as there is a free slot. You can follow it on the board.\n",
      },
    ],
  },
  {
    role: "polecat",
    turns: [
      { text: "# Reading {{bead.title}}\n", tools: [{ name: "gt_prime" }] },
      {
        text: "# Writing one line\n",
        tools: [
          {
            name: "bash",
            arguments: { command: APPEND_LINE, description: "Appends one line, once" },
          },
        ],
      },
      {
        text: "# Handing in\n",
        tools: [
          { name: "gt_done", arguments: { summary: "Appended one line for {{bead.title}}." } },
        ],
      },
    ],
  },
  {
    role: "triage",
    turns: [
      {
        text: "# Telling a person\n",
        tools: [
          {
            name: "gt_triage_decide",
            arguments: {
              request: "{{user.first | /^Request 1: (\\S+)/m}}",
              action: "escalate",
              note: "A script does not judge.",
            },
          },
        ],
      },
    ],
  },
  {
    role: "refinery",
    turns: [
      { text: "# Reading the change\n", tools: [{ name: "gt_prime" }] },
      {
        text: "# Approving\n",
        tools: [
          {
            name: "gt_verdict",
            arguments: { verdict: "approve", summary: "One line, as the bead asks." },
          },
        ],
      },
    ],
  },
];

/**
 * The script for anybody's own repository: the Mayor slings one bead on the first rig for any wish,
 * a polecat appends one line and hands in, the refinery approves, triage tells a person.
 */
export const defaultScript: Script = scriptSchema.parse({
  name: "default",
  defaults: { pauseMs: 200 },
  entries: defaultEntries,
});
