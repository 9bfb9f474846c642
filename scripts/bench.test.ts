// The frame of the benches, with benches of the test's own.
import { expect, test } from "bun:test";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { tempDir } from "../tests/support/temp-dir.ts";
import { type Bench, type Measurement, NotRun, verdictLine } from "./bench/bench.ts";
import { runBenches } from "./bench/run-benches.ts";

const figure = (value: number, bar: Measurement["bar"]): Measurement => ({
  name: "",
  value,
  unit: "ms",
  bar,
});

test("[BENCH-verdict] a figure is ok up to its bar, a miss beyond it, and never ok when it is no number", async () => {
  const bench: Bench = {
    id: "X1",
    title: "planted",
    run: () =>
      Promise.resolve([
        figure(200, { atMost: 200 }),
        figure(200.5, { atMost: 200 }),
        figure(9, { atLeast: 10 }),
        figure(Number.NaN, { atMost: 200 }),
      ]),
  };
  const lines: string[] = [];
  await runBenches(
    { root: "", seconds: 1, progress: () => undefined, profileDir: "" },
    [bench],
    (verdict) => lines.push(verdictLine(verdict)),
  );
  expect(lines).toEqual([
    "X1\t200 ms\t<= 200 ms\tok",
    "X1\t200.5 ms\t<= 200 ms\tMISS",
    "X1\t9 ms\t>= 10 ms\tMISS",
    "X1\tNaN ms\t<= 200 ms\tMISS",
  ]);
});

test("[BENCH-verdict] a bench that fails or measures nothing is a miss, the next still runs, its folder is gone", async () => {
  const folders: string[] = [];
  const benches: Bench[] = [
    { id: "X1", title: "fails", run: () => Promise.reject(new Error("the town did not start")) },
    { id: "X2", title: "nothing", run: () => Promise.resolve([]) },
    {
      id: "X3",
      title: "works",
      run: ({ folder }) => {
        folders.push(folder);
        return Promise.resolve([figure(1, { atMost: 2 })]);
      },
    },
  ];
  const verdicts: string[] = [];
  await runBenches(
    { root: "", seconds: 1, progress: () => undefined, profileDir: "" },
    benches,
    (verdict) => verdicts.push(verdictLine(verdict)),
  );
  expect(verdicts).toEqual([
    "X1\t-\t-\tMISS: the town did not start",
    "X2\t-\t-\tMISS: it measured nothing",
    "X3\t1 ms\t<= 2 ms\tok",
  ]);
  expect(folders.length).toBe(1);
  await expect(stat(folders[0]!)).rejects.toThrow();
});

test("[BENCH-verdict] a bench that lacks something is not run, which is a miss and no pass", async () => {
  const bench: Bench = {
    id: "X1",
    title: "lacks its peer",
    run: () => Promise.reject(new NotRun("install redis-server.")),
  };
  const reports = await runBenches(
    { root: "", seconds: 1, progress: () => undefined, profileDir: "" },
    [bench],
    () => undefined,
  );
  expect(reports[0]?.verdicts.map(verdictLine)).toEqual([
    "X1\t-\t-\tMISS: not run: install redis-server.",
  ]);
});

test("[BENCH-profile] a miss is profiled once more and its hottest functions are named; what is met is not", async () => {
  await using dir = await tempDir("bench");
  const callFrame = { functionName: "tick", url: "file:///g/town-loop.ts", lineNumber: 0 };
  const profiled: string[] = [];
  const bench = (id: string, value: number): Bench => ({
    id,
    title: "planted",
    run: () => Promise.resolve([figure(value, { atMost: 200 })]),
    async profile(_context, file) {
      profiled.push(id);
      await Bun.write(file, JSON.stringify({ nodes: [{ id: 1, callFrame, hitCount: 4 }] }));
    },
  });
  const reports = await runBenches(
    { root: "/g", seconds: 1, progress: () => undefined, profileDir: dir.path },
    [bench("X1", 199), bench("X2", 201)],
    () => undefined,
  );
  expect(profiled).toEqual(["X2"]);
  expect(reports.map((report) => report.profile)).toEqual([
    null,
    {
      file: join(dir.path, "bench-X2.cpuprofile"),
      hottest: [{ name: "tick", place: "town-loop.ts", percent: 100 }],
    },
  ]);
});
