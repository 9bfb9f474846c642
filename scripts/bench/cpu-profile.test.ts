import { expect, test } from "bun:test";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { tempDir } from "../../tests/support/temp-dir.ts";
import {
  type CpuProfile,
  hottest,
  profilingFlags,
  readProfile,
  sourcesBelow,
} from "./cpu-profile.ts";

const node = (id: number, functionName: string, hitCount: number, more: object = {}) => ({
  id,
  callFrame: { functionName, url: "", lineNumber: -1 },
  hitCount,
  ...more,
});
const at =
  (url: string, lineNumber = 0) =>
  (name: string) => ({
    callFrame: { functionName: name, url: `file:///g/${url}`, lineNumber },
  });

test("[BENCH-profile] what packages and built-ins do is counted for the function of ours that called them, and waiting is not", () => {
  const profile: CpuProfile = {
    nodes: [
      node(1, "(root)", 50, { children: [2, 6, 8] }),
      node(2, "tick", 3, { ...at("loop.ts")("tick"), children: [3] }),
      node(3, "all", 5, { ...at("node_modules/orm/session.js")("all"), children: [4, 5] }),
      node(4, "values", 12),
      node(5, "map", 0, { ...at("images.ts")("map"), children: [7] }),
      node(6, "(idle)", 900),
      node(7, "stringify", 4),
      node(8, "emit", 6, { ...at("node_modules/sockets/emit.js")("emit"), children: [9] }),
      node(9, "send", 10),
    ],
  };
  expect(hottest(profile, 9, (url) => url.slice("file:///g/".length))).toEqual([
    { name: "tick", place: "loop.ts", percent: 50 },
    { name: "send", place: "built in", percent: 25 },
    { name: "emit", place: "node_modules/sockets/emit.js", percent: 15 },
    { name: "map", place: "images.ts", percent: 10 },
  ]);
});

test("[BENCH-profile] a line of a bundle is told by the part that it is in, a line of a source by its file", async () => {
  await using dir = await tempDir("bundle");
  const bundle = join(dir.path, "main.js");
  await Bun.write(
    bundle,
    "// @bun\n// server/loop.ts\nvar a;\n// node_modules/orm/a.cjs\nvar b;\n",
  );
  const sourceOf = sourcesBelow(dir.path);
  const url = pathToFileURL(bundle).href;
  expect([1, 3, 5].map((line) => sourceOf(url, line))).toEqual([
    "main.js",
    "server/loop.ts",
    "node_modules/orm/a.cjs",
  ]);
  expect(sourceOf(pathToFileURL(join(dir.path, "gone.ts")).href, 1)).toBe("gone.ts");
});

test("[BENCH-profile] a process that is started with the flags leaves a profile that names its hot function", async () => {
  await using dir = await tempDir("profile");
  const script = join(dir.path, "busy.ts");
  await Bun.write(
    script,
    "function burn(){let x=0;for(let i=0;i<3e8;i++)x^=i*i;return x}\nconsole.log(burn());",
  );
  const file = join(dir.path, "busy.cpuprofile");
  const child = Bun.spawn([process.execPath, ...profilingFlags(file), script], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  expect(await child.exited).toBe(0);
  const [first] = hottest(await readProfile(file), 1, sourcesBelow(dir.path));
  expect(first).toMatchObject({ name: "burn", place: "busy.ts" });
});
