import { expect, test } from "bun:test";
import { join } from "node:path";
import { tempDir } from "../../tests/support/temp-dir.ts";
import { type CpuProfile, hottest, profilingFlags, readProfile } from "./cpu-profile.ts";

const node = (functionName: string, hitCount: number, lineNumber = 0, url = "/a/loop.js") => ({
  callFrame: { functionName, url, lineNumber },
  hitCount,
});

test("[BENCH-profile] one function's samples are added up wherever it was called from, and waiting does not count", () => {
  const profile: CpuProfile = {
    nodes: [
      node("(root)", 50),
      node("(idle)", 900),
      node("tick", 3, 9),
      node("load", 10, 20),
      node("tick", 5, 9),
      node("", 2, 4, ""),
      node("cold", 0),
    ],
  };
  expect(hottest(profile, 2)).toEqual([
    { name: "load", place: "loop.js:21", selfPercent: 50 },
    { name: "tick", place: "loop.js:10", selfPercent: 40 },
  ]);
  expect(hottest(profile, 9).at(-1)).toEqual({
    name: "(anonymous)",
    place: "built in",
    selfPercent: 10,
  });
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
  const names = hottest(await readProfile(file), 1).map((each) => each.name);
  expect(names).toEqual(["burn"]);
});
