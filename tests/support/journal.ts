import { parseJournal, type JournalEntry, type JournalPort } from "../../runner/merge/journal.ts";

/** A landing's journal in memory, stored as it would be on disk. */
export function journalInMemory(): JournalPort & { entries: JournalEntry[] } {
  const stored: string[] = [];
  return {
    entries: [],
    load: () => Promise.resolve(parseJournal(stored.map((line): unknown => JSON.parse(line)))),
    append(entry) {
      stored.push(JSON.stringify(entry));
      this.entries.push(entry);
      return Promise.resolve();
    },
  };
}
