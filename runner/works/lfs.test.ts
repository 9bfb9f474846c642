import { expect, test } from "bun:test";
import { lfsPatterns } from "./lfs.ts";

test("[C22] the patterns that Git LFS keeps are read from attributes as git reads them", () => {
  const text = [
    "# filter=lfs in a comment",
    "*.psd filter=lfs diff=lfs merge=lfs -text",
    '"art work/*" filter=lfs',
    "*.txt text eol=lf",
    "*.png\tfilter=lfs",
    "*.mp4 filter=lfs",
    "*.mp4 !filter",
    "docs/*.pdf filter=lfsx",
    "",
  ].join("\n");
  expect(lfsPatterns(text)).toEqual(["*.psd", "art work/*", "*.png"]);
  expect(lfsPatterns("")).toEqual([]);
});
