/** Shows that work moved: a line that passes once each time `at` changes. Its parent is positioned and clips. */
export function Moved({ at }: { at: number | null }) {
  return at === null ? null : <span key={at} aria-hidden className="moved-line" />;
}
