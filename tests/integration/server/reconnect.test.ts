import { describe, expect, test } from "bun:test";
import { refuse, RUNNER_RIGHTS, type Result, type Run } from "../../../protocol/index.ts";
import { coreTown, factOf, hello, OWNER, type CoreTown } from "../../support/core-town.ts";

const TOKEN = "tk_01m7ydrq12e00a01cvhrfbs9w7";

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}

async function runOf(town: CoreTown, runId: string): Promise<Run> {
  return value(await town.core.call("run.get", { run: runId }, OWNER)) as Run;
}

/** A town whose runner holds an accepted baseline run. */
async function withBaseline() {
  const town = await coreTown();
  const welcome = value(await town.core.hello(hello(), TOKEN, RUNNER_RIGHTS));
  value(await town.core.call("rig.add", { remote: "/tmp/repository.git", target: "main" }, OWNER));
  const offer = await town.runner.offered("baseline");
  const { connection, runnerId } = welcome;
  const batch = (...bodies: Parameters<typeof factOf>[2][]) => ({
    connection,
    spoolEpoch: "spool-1",
    facts: bodies.map((body, n) => factOf(offer, n + 1, body)),
  });
  return { town, offer, welcome, runnerId, batch };
}

describe("a runner that comes back", () => {
  test("[C6] with a live run keeps it: the connection was cut, nothing else", async () => {
    const { town, offer, runnerId, batch } = await withBaseline();
    await using _ = town;
    value(
      await town.core.facts(
        runnerId,
        batch({ kind: "phase", phase: "gates" }, { kind: "started" }),
      ),
    );
    const held = {
      runId: offer.spec.runId,
      fence: offer.spec.fence,
      phase: "gates",
      progressAgoMs: 0,
    };
    const again = hello({ runnerId, lastOfferSeq: offer.offerSeq, spoolSeq: 2, live: [held] });
    const welcome = value(await town.core.hello(again, TOKEN, RUNNER_RIGHTS));
    expect(welcome.stop).toEqual([]);
    expect(await runOf(town, offer.spec.runId)).toMatchObject({ state: "running", outcome: null });
    const beat = { connection: welcome.connection, lastOfferSeq: offer.offerSeq, runs: [held] };
    expect(value(await town.core.heartbeat(runnerId, beat)).stop).toEqual([]);
  });

  test("[C6] without a run that had reached it has lost it: the work is offered again under a higher fence", async () => {
    const { town, offer, runnerId } = await withBaseline();
    await using _ = town;
    town.runner.offers.length = 0;
    const again = hello({ runnerId, incarnation: 2, lastOfferSeq: offer.offerSeq });
    value(await town.core.hello(again, TOKEN, RUNNER_RIGHTS));
    expect(await runOf(town, offer.spec.runId)).toMatchObject({ state: "ended", outcome: "lost" });
  });

  test("[C6] with a run that the town has given up is told to stop it before its lease begins again", async () => {
    const { town, offer, runnerId } = await withBaseline();
    await using _ = town;
    const newer = { ...offer.spec.fence, n: offer.spec.fence.n + 1 };
    const held = { runId: offer.spec.runId, fence: newer, phase: "gates", progressAgoMs: 0 };
    const again = hello({ runnerId, lastOfferSeq: offer.offerSeq, live: [held] });
    const { stop } = value(await town.core.hello(again, TOKEN, RUNNER_RIGHTS));
    expect(stop).toMatchObject([{ runId: offer.spec.runId, fence: newer }]);
  });

  test("[C6] with another runner's token is refused", async () => {
    const { town, runnerId } = await withBaseline();
    await using _ = town;
    const stolen = await town.core.hello(
      hello({ runnerId, incarnation: 99 }),
      "tk_01m7ydrq12e00a01cvhrfbs9w8",
      RUNNER_RIGHTS,
    );
    expect(stolen).toMatchObject({ ok: false, error: { code: "forbidden" } });
  });

  test("[C6] as an older start of itself is a twin, and refused", async () => {
    await using town = await coreTown();
    const { runnerId } = value(
      await town.core.hello(hello({ incarnation: 5 }), TOKEN, RUNNER_RIGHTS),
    );
    const twin = await town.core.hello(hello({ runnerId, incarnation: 4 }), TOKEN, RUNNER_RIGHTS);
    expect(twin).toMatchObject({ ok: false, error: { code: "twin_runner" } });
  });
});

describe("a town that was put back from a backup", () => {
  test("[C8] gives out no number of an offer that its runner has seen", async () => {
    await using town = await coreTown();
    value(await town.core.hello(hello({ lastOfferSeq: 70 }), TOKEN, RUNNER_RIGHTS));
    await town.core.call("rig.add", { remote: "/tmp/repository.git", target: "main" }, OWNER);
    const offer = await town.runner.offered("baseline");
    expect(offer.offerSeq).toBeGreaterThan(70);
  });

  test("[C6] gives out fences above all that its runners know", async () => {
    await using town = await coreTown();
    const known = town.core.epoch + 3_600;
    value(await town.core.hello(hello({ fenceEpoch: known }), TOKEN, RUNNER_RIGHTS));
    await town.core.call("rig.add", { remote: "/tmp/repository.git", target: "main" }, OWNER);
    const offer = await town.runner.offered("baseline");
    expect(offer.spec.fence.epoch).toBeGreaterThan(known);
  });
});

describe("facts", () => {
  test("[C8] sent again change nothing, and are acknowledged as before", async () => {
    const { town, offer, runnerId, batch } = await withBaseline();
    await using _ = town;
    const bodies = [{ kind: "started" }, { kind: "progress", what: "tool" }] as const;
    expect(value(await town.core.facts(runnerId, batch(...bodies)))).toEqual({ ackedSeq: 2 });
    const before = town.core.topic("town");
    expect(value(await town.core.facts(runnerId, batch(...bodies)))).toEqual({ ackedSeq: 2 });
    expect(value(town.core.topic("town")).position).toEqual(value(before).position);
    expect(await runOf(town, offer.spec.runId)).toMatchObject({ state: "running" });
  });

  test("[C6] under an old fence change nothing", async () => {
    const { town, offer, runnerId, welcome } = await withBaseline();
    await using _ = town;
    const stale = { ...offer.spec.fence, n: offer.spec.fence.n + 7 };
    const fact = {
      ...factOf(offer, 1, { kind: "exit", outcome: "done", reason: null, exit: null }),
      fence: stale,
    };
    value(
      await town.core.facts(runnerId, {
        connection: welcome.connection,
        spoolEpoch: "spool-1",
        facts: [fact],
      }),
    );
    expect((await runOf(town, offer.spec.runId)).state).not.toBe("ended");
  });

  test("[C8] over a connection that was replaced are refused", async () => {
    const { town, runnerId, batch } = await withBaseline();
    await using _ = town;
    value(await town.core.hello(hello({ runnerId }), TOKEN, RUNNER_RIGHTS));
    expect(await town.core.facts(runnerId, batch({ kind: "started" }))).toMatchObject({
      ok: false,
      error: { code: "stale_connection", retryable: true },
    });
  });
});

describe("offers", () => {
  test("[C6] are sent again with the same fence until they are answered", async () => {
    await using town = await coreTown();
    let tries = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    town.runner.answer = () => {
      tries += 1;
      if (tries === 1) return refuse("deadline", "no answer", { retryable: true });
      resolve();
      return { ok: true, value: { accepted: true } };
    };
    value(await town.core.hello(hello(), TOKEN, RUNNER_RIGHTS));
    value(
      await town.core.call("rig.add", { remote: "/tmp/repository.git", target: "main" }, OWNER),
    );
    await town.runner.offered("baseline");
    await promise;
    const [first, second] = town.runner.offers;
    expect(second?.spec.fence).toEqual(
      first?.spec.fence as NonNullable<typeof first>["spec"]["fence"],
    );
    expect(second?.offerSeq).toBe(first?.offerSeq as number);
  });

  test("[A9] a restart begins a new epoch, and a position of the old one starts over", async () => {
    const { town } = await withBaseline();
    await using _ = town;
    const before = value(town.core.topic("town")).position;
    await town.reopen();
    const state = value(town.core.topic("town", before));
    expect(state.reset).toBe(true);
    expect(state.position.epoch).toBeGreaterThan(before.epoch);
  });

  test("[C8] whose acknowledged facts the town has forgotten (a backup) is not waited for", async () => {
    const { town, offer, runnerId } = await withBaseline();
    await using _ = town;
    const again = hello({ runnerId, lastOfferSeq: offer.offerSeq, spoolSeq: 40, ackedSeq: 40 });
    const welcome = value(await town.core.hello(again, TOKEN, RUNNER_RIGHTS));
    expect(welcome.ackedSeq).toBe(40);
    // The inventory was compared at once: a run that is in neither of its lists is lost.
    expect(await runOf(town, offer.spec.runId)).toMatchObject({ state: "ended", outcome: "lost" });
  });
});

describe("what agents say", () => {
  test("[C8] is kept and shown in order, once, whether or not facts come with it, and across a restart", async () => {
    const { town, offer, runnerId, welcome, batch } = await withBaseline();
    await using _ = town;
    const shown: number[] = [];
    town.core.onStream((_run, events) => shown.push(...events.map((event) => event.seq)));
    const said = (...seqs: number[]) => ({
      kind: "events" as const,
      events: seqs.map((seq) => ({
        seq,
        at: seq,
        turnId: null,
        body: { kind: "notice" as const, level: "normal" as const, text: `word ${seq}` },
      })),
    });
    const first = batch(said(1, 2), said(3));
    expect(value(await town.core.facts(runnerId, first)).ackedSeq).toBe(2);
    expect(value(await town.core.facts(runnerId, first)).ackedSeq).toBe(2);
    const more = batch(said(1, 2), said(3), { kind: "started" }, said(4));
    expect(value(await town.core.facts(runnerId, more)).ackedSeq).toBe(4);
    expect(shown).toEqual([1, 2, 3, 4]);
    expect(await runOf(town, offer.spec.runId)).toMatchObject({ state: "running" });
    const stale = { ...first, connection: welcome.connection + 1 };
    expect(await town.core.facts(runnerId, stale)).toMatchObject({
      ok: false,
      error: { code: "stale_connection" },
    });
    await town.reopen();
    expect(town.core.streamSince(offer.spec.runId, 0).map((event) => event.seq)).toEqual([
      1, 2, 3, 4,
    ]);
  });
});
