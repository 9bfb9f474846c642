import { describe, expect, test } from "bun:test";
import { RepetitionWatch, type Circle } from "./repetition.ts";

const call = (input: string, output = "x", ok = true) => ({ tool: "bash", input, ok, output });
/** What is told of a row of calls: [at which call, pattern, times]. */
function told(calls: readonly ReturnType<typeof call>[]): [number, string, number][] {
  const watch = new RepetitionWatch();
  return calls.flatMap((each, n) => {
    const { circle } = watch.called(each);
    return circle === null
      ? []
      : [[n + 1, circle.pattern, circle.times] as [number, string, number]];
  });
}
const row = (length: number, each: (n: number) => ReturnType<typeof call>) =>
  Array.from({ length }, (_, n) => each(n));

describe("[C12] repetition", () => {
  test("[C12] the same call with the same result is told at the fourth, and each time that there are twice as many", () => {
    expect(told(row(20, () => call("ls")))).toEqual([
      [4, "same_call", 4],
      [8, "same_call", 8],
      [16, "same_call", 16],
    ]);
  });

  test("[C12] a result that differs in its times only is the same, one that differs in its words is not", () => {
    const timed = row(4, (n) => call("bun test", `12 pass [${n * 7}.1ms] at 10:0${n}`));
    expect(told(timed)).toEqual([[4, "same_call", 4]]);
    expect(told(row(9, (n) => call("bun test", `${n} fail`)))).toEqual([]);
  });

  test("[C12] the same error of one tool is told, whatever it was called with", () => {
    expect(told(row(5, (n) => call(`try ${n}`, "not found", false)))).toEqual([
      [5, "same_error", 5],
    ]);
    expect(told(row(9, (n) => call(`try ${n}`, "not found")))).toEqual([]);
  });

  test.each([2, 3, 4])(
    "[C12] a round of %d calls is told when it was gone four times",
    (length) => {
      const rounds = told(row(length * 8, (n) => call(`step ${n % length}`)));
      expect(rounds).toEqual([
        [length * 4, "alternation", 4],
        [length * 8, "alternation", 8],
      ]);
    },
  );

  test("[C12] edit and test by turns is work: what is new between breaks the round", () => {
    const work = row(40, (n) => (n % 2 === 0 ? call(`edit ${n}`) : call("bun test", "1 fail")));
    expect(told(work)).toEqual([]);
  });

  test("[C12] a monologue is told; a call, or a question, ends it", () => {
    const watch = new RepetitionWatch();
    const answer = (times: number): (Circle | null)[] =>
      Array.from({ length: times }, () => watch.answered());
    expect(answer(5).concat(watch.answered())).toEqual([
      ...Array<null>(5).fill(null),
      { pattern: "monologue", times: 6, text: "" },
    ]);
    watch.called(call("ls"));
    expect(answer(5)).toEqual(Array<null>(5).fill(null));
    watch.asked();
    expect(answer(5)).toEqual(Array<null>(5).fill(null));
  });

  test("[C12] a result that was there before is not new, however long ago", () => {
    const watch = new RepetitionWatch();
    const news = ["a", "b", "a", "c", "b"].map((input) => watch.called(call(input)).isNew);
    expect(news).toEqual([true, true, false, true, false]);
  });
});
