import { expect, test } from "bun:test";
import { commitPage } from "./commit-page.ts";

const OID = "0123456789012345678901234567890123456789";

test.each([
  ["https://github.com/ada/engine.git", `https://github.com/ada/engine/commit/${OID}`],
  ["https://ada@github.com/ada/engine/", `https://github.com/ada/engine/commit/${OID}`],
  ["git@github.com:ada/engine.git", `https://github.com/ada/engine/commit/${OID}`],
  [
    "ssh://git@gitlab.example.org:2222/a/b/c.git",
    `https://gitlab.example.org/a/b/c/-/commit/${OID}`,
  ],
  ["http://gitea.local:3000/a/b", `http://gitea.local:3000/a/b/commit/${OID}`],
  ["https://bitbucket.org/a/b.git", `https://bitbucket.org/a/b/commits/${OID}`],
])("[C15] the page of a commit of %s", (remote, page) => {
  expect(commitPage(remote, OID)).toBe(page);
});

test.each([
  "/srv/repositories/github.com/engine",
  "file:///srv/github.com/engine",
  "https://example.org/a/b.git",
  "https://notgithub.community/a/b",
  "https://mygithub.com/a/b",
])("[C15] %s has no known pages", (remote) => {
  expect(commitPage(remote, OID)).toBeNull();
});
