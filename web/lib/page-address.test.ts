import { describe, expect, test } from "bun:test";
import { drawerOf, DRAWERS_MAX, openAbove, parseDrawer, writeDrawer } from "./drawers.ts";
import { readLogin, tokenOf } from "./login.ts";
import { parseSearch, stringifySearch } from "./search-params.ts";

const bead = `bd_${"0".repeat(26)}`;
const run = `rn_${"1".repeat(26)}`;

describe("[E5] drawers in the address", () => {
  test("are read back as they were written", () => {
    const search = {
      q: "half cents",
      rig: [`rg_${"2".repeat(26)}`],
      d: [`bead:${bead}`, `run:${run}`],
    };
    const text = stringifySearch(search);
    expect(text).toContain(`d=bead:${bead}&d=run:${run}`);
    expect(parseSearch(text)).toEqual(search);
    expect(stringifySearch({})).toBe("");
  });

  test("have a kind by their id, and anything else is no drawer", () => {
    expect(drawerOf(bead)).toEqual({ kind: "bead", id: bead });
    expect(drawerOf("rg_whatever")).toBeNull();
    expect(parseDrawer("bead:../../etc")).toBeNull();
    expect(parseDrawer(writeDrawer({ kind: "run", id: run }))).toEqual({ kind: "run", id: run });
  });

  test("open above the one they were opened from; one that is open below comes to the top", () => {
    const stack = [`bead:${bead}`, `run:${run}`];
    expect(openAbove(stack, 0, { kind: "run", id: run })).toEqual([`run:${run}`]);
    expect(openAbove(stack, 2, { kind: "bead", id: bead })).toEqual([`run:${run}`, `bead:${bead}`]);
  });

  test("are never more than one wants to go back through", () => {
    const stack = Array.from(
      { length: DRAWERS_MAX },
      (_, index) => `run:rn_${String(index).padStart(26, "0")}`,
    );
    expect(openAbove(stack, stack.length, { kind: "bead", id: bead })).toHaveLength(DRAWERS_MAX);
  });
});

describe("[F1] login", () => {
  test("the token is in the fragment only", () => {
    expect(tokenOf("#login=abc123")).toBe("abc123");
    expect(tokenOf("")).toBeNull();
    expect(tokenOf("#elsewhere")).toBeNull();
  });

  test("what is stored must have a town and a secret", () => {
    expect(readLogin({ getItem: () => "tw_1 secret" })).toEqual({
      townId: "tw_1",
      secret: "secret",
    });
    expect(readLogin({ getItem: () => "tw_1" })).toBeNull();
    expect(readLogin({ getItem: () => null })).toBeNull();
  });
});
