// What a talking agent says: parts of text that grow, each event carrying its part as it is so far.
import { EVENT_BATCH_MAX, type AgentEvent } from "../../../protocol/index.ts";

/** Events of a part until the next one begins. */
const PART_EVENTS = 20;
const WORDS = "The greeting takes a name now, and without one it stays as it was. ".repeat(8);
/** Characters by which a part grows with each event. */
const GROWTH_CHARS = 20;

export class EventSource {
  /** Number of the newest event; they rise from 1 without gaps. */
  seq = 0;

  /** The next batch, as large as one may be. */
  batch(): AgentEvent[] {
    const at = Date.now();
    return Array.from({ length: EVENT_BATCH_MAX }, () => {
      const place = this.seq % PART_EVENTS;
      this.seq += 1;
      return {
        seq: this.seq,
        at,
        turnId: null,
        body: {
          kind: "text",
          partId: `part-${Math.ceil(this.seq / PART_EVENTS)}`,
          text: WORDS.slice(0, GROWTH_CHARS * (place + 1)),
          done: place === PART_EVENTS - 1,
        },
      };
    });
  }
}
