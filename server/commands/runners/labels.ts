/** Labels as they are kept: each once, in order. */
export function distinctLabels(labels: readonly string[]): string[] {
  return [...new Set(labels)].toSorted();
}
