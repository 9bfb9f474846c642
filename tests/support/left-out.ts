// What this run of the tests leaves out, as `./gastown test` was told.

/** Whether `--without` names it; use it as `test.skipIf(isLeftOut("browser"))`. Anything else missing is a failure. */
export function isLeftOut(need: "browser" | "sandbox" | "users" | "agent"): boolean {
  return (process.env["GASTOWN_TEST_WITHOUT"] ?? "").split(",").includes(need);
}
