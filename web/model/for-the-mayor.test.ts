import { expect, test } from "bun:test";
import { soundsLikeTheMayors } from "./for-the-mayor.ts";

test.each([
  "Please assign the login bead to someone else",
  "Create a convoy for the three reports",
  "make two beads out of this",
  "What are the other agents doing?",
  "what is the status of the town?",
  "Which polecats are idle?",
  "What should we build next?",
  "Prioritize the backlog",
])("[C14] meant for the Mayor: %s", (text) => {
  expect(soundsLikeTheMayors(text)).toBe(true);
});

test.each([
  "Use the parser in src/lib instead",
  "Stop, the test is wrong: it should expect 3",
  "What is the status of your work?",
  "Why did you delete that function?",
  "Create a file for the fixtures",
  "The plan in the bead's text is out of date: skip step two",
  "",
])("[C14] meant for the agent: %s", (text) => {
  expect(soundsLikeTheMayors(text)).toBe(false);
});
