/** Words typed to a worker that are meant for the Mayor: about the town, other agents, or what is to be planned. Pure. */

/** Verbs and subjects of coordination. A correction or a question about the work at hand has none of them. */
const PATTERNS: readonly RegExp[] = [
  /\b(assign|reassign|delegate|sling|dispatch)\b/i,
  /\b(create|make|start|stage|pour)\b.{0,30}\b(beads?|convoys?|molecules?|tickets?|agents?)\b/i,
  /\bplan (a|the|our|some) /i,
  /\b(other|all|every|which|idle) (agents?|polecats?|beads?|convoys?|runs?)\b/i,
  /\b(what|how) (is|are|does) (the town|everyone|everybody|the others|the project|the convoy)\b/i,
  /\b(status|progress|state) of (the |this |our )?(town|project|convoy|rig|others)\b/i,
  /\b(roadmap|backlog|prioriti[sz]e)\b/i,
  /\bwhat (should|shall|do) we (do|work on|build) next\b/i,
];

/** A guess, for an offer to send it there instead: never a refusal. */
export function soundsLikeTheMayors(text: string): boolean {
  return PATTERNS.some((pattern) => pattern.test(text));
}
