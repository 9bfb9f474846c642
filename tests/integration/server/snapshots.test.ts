import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  SNAPSHOT_CHUNK_BYTES,
  type Offer,
  type Result,
  type RunSpecOf,
  type Snapshot,
} from "../../../protocol/index.ts";
import { eventually } from "../../kill/eventually.ts";
import { exit, openStage, PlayedRunner, type Stage } from "./stage.ts";

let stage: Stage;
let runner: PlayedRunner;
let rig: string;
beforeEach(async () => {
  stage = await openStage();
  runner = new PlayedRunner(stage);
  await runner.hello();
  rig = await stage.readyRig(runner);
});
afterEach(() => stage[Symbol.asyncDispose]());

type Spec = RunSpecOf<"session">;

/** A turn that runs. */
async function asked(text = "Sort the list"): Promise<{ spec: Spec; turnId: string }> {
  const before = stage.port.offers.length;
  const { turnId } = await stage.do("mayor.say", { text });
  const spec = specOf(await stage.offered("session", before));
  await runner.tell(spec, { kind: "started" }, { kind: "turn_started", turnId });
  return { spec, turnId };
}

function specOf({ spec }: Offer): Spec {
  if (spec.kind !== "session") throw new Error("no session was offered");
  return spec;
}

function answer(spec: Spec, turnId: string) {
  const said = { text: "It is sorted.", reason: "completed", message: null } as const;
  return runner.tell(spec, { kind: "turn_ended", turnId, ...said });
}

const BYTES = crypto.getRandomValues(new Uint8Array(SNAPSHOT_CHUNK_BYTES + 1_000));

function labelOf(turnId: string, bytes = BYTES): Snapshot {
  const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  return { turnId, program: "kilo", sha256, bytes: bytes.byteLength };
}

function holder({ runId, fence }: Spec) {
  return { connection: runner.connection, runId, fence };
}

async function put(spec: Spec, turnId: string, bytes = BYTES): Promise<string> {
  const snapshot = labelOf(turnId, bytes);
  for (let offset = 0; offset < bytes.byteLength; offset += SNAPSHOT_CHUNK_BYTES) {
    const data = Buffer.from(bytes.subarray(offset, offset + SNAPSHOT_CHUNK_BYTES));
    const piece = { snapshot, offset, data: data.toString("base64") };
    const taken = await stage.core.snapshot_put(runner.id, { ...holder(spec), ...piece });
    if (!taken.ok) return taken.error.code;
  }
  return "ok";
}

async function keep(spec: Spec, turnId: string, bytes = BYTES): Promise<string> {
  const snapshot = labelOf(turnId, bytes);
  return codeOf(await stage.core.snapshot_keep(runner.id, { ...holder(spec), snapshot }));
}

function codeOf(result: Result<unknown>): string {
  return result.ok ? "ok" : result.error.code;
}

/** One turn that was answered and kept, and the end of its run. */
async function keptTurn(): Promise<{ spec: Spec; turnId: string }> {
  const turn = await asked();
  await answer(turn.spec, turn.turnId);
  expect(await put(turn.spec, turn.turnId)).toBe("ok");
  expect(await keep(turn.spec, turn.turnId)).toBe("ok");
  await runner.tell(turn.spec, exit("done"));
  return turn;
}

function get(spec: Spec, sha256: string, offset = 0) {
  return stage.core.snapshot_get(runner.id, { ...holder(spec), sha256, offset });
}

const blobs = () => readdir(join(stage.dir.path, "blobs"));

test("[C10] the next run is offered what was kept after the last turn, and fetches it piece by piece", async () => {
  const first = await keptTurn();
  const { spec } = await asked("And test it");
  expect(spec).toMatchObject({ snapshot: labelOf(first.turnId), noSnapshot: null });
  const pieces: Buffer[] = [];
  for (const offset of [0, SNAPSHOT_CHUNK_BYTES]) {
    const piece = await get(spec, labelOf("").sha256, offset);
    if (piece.ok) pieces.push(Buffer.from(piece.value.data, "base64"));
  }
  expect(Buffer.concat(pieces).equals(BYTES)).toBe(true);
  expect((await stat(join(stage.dir.path, "blobs", labelOf("").sha256))).mode & 0o777).toBe(0o600);
});

test("[C10] a conversation begins with neither, and the chat says how one goes on", async () => {
  const { spec, turnId } = await asked();
  expect(spec).toMatchObject({ snapshot: null, noSnapshot: null, transcript: [] });
  const continued = { how: "transcript", why: "It is damaged." } as const;
  await runner.tell(spec, { kind: "turn_started", turnId, continued });
  const chat = stage.core.topic("mayor");
  const entries = (chat.ok ? chat.value.items : []).flatMap(({ kind, value }) =>
    kind === "chat" && value !== null ? [value] : [],
  );
  expect(entries.find(({ kind }) => kind === "mayor")).toMatchObject({ continued });
  expect(entries.find(({ kind }) => kind === "person")).toMatchObject({ continued: null });
});

test("[C10] a turn that was lost is run again from the turn before, with its journal", async () => {
  const first = await keptTurn();
  const lost = await asked("And test it");
  const call = { tool: "gt_rigs", arguments: {}, key: "hash-of-the-call-1" };
  await stage.core.tool(runner.id, { ...holder(lost.spec), turnId: lost.turnId, ...call });
  const before = stage.port.offers.length;
  await runner.tell(lost.spec, exit("lost"));
  const again = specOf(await stage.offered("session", before));
  expect(again.snapshot).toEqual(labelOf(first.turnId));
  expect(again.turns).toMatchObject([{ turnId: lost.turnId, journal: [{ tool: "gt_rigs" }] }]);
});

test("[C10] what does not end with the turn before is not gone on from", async () => {
  await keptTurn();
  const { spec, turnId } = await asked("And test it");
  await answer(spec, turnId);
  await runner.tell(spec, exit("done"));
  const next = await asked("And again");
  expect(next.spec.snapshot).toBeNull();
  expect(next.spec.noSnapshot).toBe("Nothing was kept after the last turn.");
  expect(next.spec.transcript).toHaveLength(4);
});

test("[C10] another program does not go on from what one has kept", async () => {
  await keptTurn();
  await runner.hello({ programs: ["kilo", "opencode"] });
  await stage.do("program.set", { role: "mayor", program: "opencode" });
  const { spec } = await asked("And test it");
  expect(spec.noSnapshot).toBe("What was kept is of another program, kilo.");
});

test("[C10] a snapshot counts when the end of its turn is stored, and not before", async () => {
  const { spec, turnId } = await asked();
  expect(await put(spec, turnId)).toBe("ok");
  const early = await stage.core.snapshot_keep(runner.id, {
    ...holder(spec),
    snapshot: labelOf(turnId),
  });
  expect(early).toMatchObject({ ok: false, error: { code: "busy", retryable: true } });
  await answer(spec, turnId);
  expect(await keep(spec, turnId)).toBe("ok");
});

test("[C10] snapshots are taken and given for a live run alone, by whoever holds it, under its fence", async () => {
  const first = await keptTurn();
  expect(await put(first.spec, first.turnId)).toBe("stale_fence");
  const { spec, turnId } = await asked("And test it");
  const { sha256 } = labelOf("");
  const stale = { ...spec, fence: { ...spec.fence, n: spec.fence.n - 1 } };
  expect(await put(stale, turnId)).toBe("stale_fence");
  expect(codeOf(await get(stale, sha256))).toBe("stale_fence");
  expect(codeOf(await get(spec, "0".repeat(64)))).toBe("forbidden");
  const own = runner.id;
  runner.id = `ru_${"0".repeat(26)}`;
  expect(await put(spec, turnId)).toBe("stale_fence");
  expect(codeOf(await get(spec, sha256))).toBe("stale_fence");
  runner.id = own;
  expect(await put(spec, turnId)).toBe("ok");
  expect(await keep(spec, first.turnId)).toBe("illegal_transition");
});

test("[C10] pieces that do not follow one another, or are not what was announced, are refused", async () => {
  const { spec, turnId } = await asked();
  const snapshot = labelOf(turnId);
  const send = (offset: number, bytes: Uint8Array) =>
    stage.core
      .snapshot_put(runner.id, {
        ...holder(spec),
        ...{ snapshot, offset, data: Buffer.from(bytes).toString("base64") },
      })
      .then(codeOf);
  expect(await send(1_000, BYTES.subarray(0, 1_000))).toBe("invalid_body");
  expect(await send(0, BYTES.subarray(0, SNAPSHOT_CHUNK_BYTES))).toBe("ok");
  expect(await send(0, BYTES.subarray(0, SNAPSHOT_CHUNK_BYTES))).toBe("ok");
  expect(await send(SNAPSHOT_CHUNK_BYTES, new Uint8Array(1_000))).toBe("invalid_body");
  expect(await send(SNAPSHOT_CHUNK_BYTES, BYTES.subarray(SNAPSHOT_CHUNK_BYTES))).toBe(
    "invalid_body",
  );
});

test("[C10] of each session one snapshot is kept, and a start removes what nothing names", async () => {
  const first = await keptTurn();
  const { spec, turnId } = await asked("And test it");
  const next = BYTES.slice(0, 500);
  await answer(spec, turnId);
  expect(await put(spec, turnId, next)).toBe("ok");
  expect((await blobs()).toSorted()).toEqual(
    [labelOf(first.turnId).sha256, labelOf(turnId, next).sha256].toSorted(),
  );
  expect(await keep(spec, turnId, next)).toBe("ok");
  expect(await blobs()).toEqual([labelOf(turnId, next).sha256]);
  await writeFile(join(stage.dir.path, "blobs", `${"1".repeat(64)}.half`), "half");
  await stage.restart();
  await eventually("what nothing names is gone", async () =>
    (await blobs()).length === 1 ? true : undefined,
  );
});

test("[C10] a blob that is gone is said to be, and the run is not held up by it", async () => {
  await keptTurn();
  const { spec } = await asked("And test it");
  const { sha256 } = labelOf("");
  await writeFile(join(stage.dir.path, "blobs", sha256), "short");
  expect(codeOf(await get(spec, sha256))).toBe("not_found");
});

test("[C10] what a run may not name it may not hand over: another turn, another program, a session it has not", async () => {
  const first = await keptTurn();
  const before = await blobs();
  const { spec, turnId } = await asked("And test it");
  const other = BYTES.slice(0, 700);
  const offered = async (
    of: { runId: string; fence: Spec["fence"] },
    change: Partial<Snapshot>,
  ) => {
    const snapshot = { ...labelOf(turnId, other), ...change };
    const piece = { snapshot, offset: 0, data: Buffer.from(other).toString("base64") };
    const held = { connection: runner.connection, runId: of.runId, fence: of.fence };
    return codeOf(await stage.core.snapshot_put(runner.id, { ...held, ...piece }));
  };
  expect(await offered(spec, { turnId: first.turnId })).toBe("illegal_transition");
  expect(await offered(spec, { turnId: null })).toBe("illegal_transition");
  expect(await offered(spec, { program: "opencode" })).toBe("forbidden");
  const offers = stage.port.offers.length;
  await stage.do("rig.recheck", { rig });
  const judged = await stage.offered("baseline", offers);
  expect(await offered(judged.spec, { turnId: null })).toBe("forbidden");
  expect(await blobs()).toEqual(before);
});

test("[C10] a run has one blob at most that nothing names, and none when it has ended", async () => {
  const { spec, turnId } = await asked();
  const parts = [1, 2, 3].map((n) => BYTES.slice(0, 100 * n));
  for (const part of parts) expect(await put(spec, turnId, part)).toBe("ok");
  expect(await blobs()).toEqual([labelOf(turnId, parts[2]).sha256]);
  // What is not there any more, or never was, nobody begins with.
  await answer(spec, turnId);
  expect(await keep(spec, turnId, parts[0])).toBe("busy");
  await runner.tell(spec, exit("done"));
  await eventually("nothing is left of it", async () =>
    (await blobs()).length === 0 ? true : undefined,
  );
});

test("[C10] [R9] who says again what counts already leaves nothing on the town's disk of what does not", async () => {
  const { spec, turnId } = await asked();
  await answer(spec, turnId);
  expect(await put(spec, turnId)).toBe("ok");
  expect(await keep(spec, turnId)).toBe("ok");
  for (const fill of [1, 2, 3]) {
    expect(await put(spec, turnId, new Uint8Array(10).fill(fill))).toBe("ok");
    expect(await keep(spec, turnId)).toBe("ok");
  }
  expect(await blobs()).toHaveLength(2);
});
