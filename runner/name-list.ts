/** The first `max` of these names, and how many more there are, for a sentence; empty without any. */
export function nameList(names: readonly string[], max: number): string {
  const rest = names.length - max;
  return names.slice(0, max).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
