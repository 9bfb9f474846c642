// What one tab of the board showed over time: the columns of every bead, and the words on its card.
import type { Page } from "playwright-core";

/** Column names and last lines of one bead's card, each in order of first sight. */
export interface Sightings {
  columns: string[];
  words: string[];
}

/** Looks at the board whenever it changes. The page must not be loaded again afterwards. */
export async function watchBoard(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen: Record<string, { columns: string[]; words: string[] }> = {};
    const note = (list: string[], word: string) => {
      if (word !== "" && list.at(-1) !== word) list.push(word);
    };
    const look = () => {
      for (const column of document.querySelectorAll("main section[aria-label]")) {
        const name = column.getAttribute("aria-label")?.replace(/, \d+$/, "") ?? "";
        for (const card of column.querySelectorAll("a[data-row]")) {
          const [, title, words] = [...card.children].map((part) => part.textContent ?? "");
          const sighting = (seen[title ?? ""] ??= { columns: [], words: [] });
          note(sighting.columns, name);
          note(sighting.words, words ?? "");
        }
      }
    };
    new MutationObserver(look).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
    });
    look();
    Object.assign(window, { seenOnBoard: seen });
  });
}

/** By the titles of the beads. */
export function sightings(page: Page): Promise<Record<string, Sightings>> {
  return page.evaluate(
    () => (window as unknown as { seenOnBoard: Record<string, Sightings> }).seenOnBoard,
  );
}
