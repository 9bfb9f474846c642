/** Small images and frames for tests of the edges. */
import {
  encodeId,
  NO_ENVIRONMENT,
  type AnyImage,
  type Hello,
  type Image,
  type Offer,
} from "../../../protocol/index.ts";

export const runId = encodeId("run", new Uint8Array(16).fill(3));
const rigId = encodeId("rig", new Uint8Array(16).fill(4));

export function issueImage(id: string, change: Partial<Image<"issue">> = {}): AnyImage {
  const value: Image<"issue"> = {
    id,
    type: "issue",
    status: "open",
    title: "title",
    rigId,
    version: 1,
    createdBy: "person:owner",
    createdAt: 0,
    updatedAt: 0,
    body: "",
    convoyId: null,
    parentId: null,
    assigneeId: null,
    reviewId: null,
    runId: null,
    priority: "medium",
    labels: [],
    delivery: null,
    cycle: 1,
    round: 1,
    attempt: 0,
    workAttempts: 0,
    startFailures: 0,
    blockedBy: [],
    wait: null,
    savedWork: null,
    headOid: null,
    baseOid: null,
    held: false,
    archivedAt: null,
    closing: null,
    taken: null,
    wishedAgentId: null,
    checks: [],
    landing: false,
    landedOn: null,
    landedOid: null,
    outcome: null,
    failure: null,
    stateSince: 0,
    closedAt: null,
    ...change,
  };
  return { kind: "issue", id, value };
}

export const hello: Hello = {
  version: 1,
  appVersion: "1.2.3",
  runnerId: null,
  incarnation: 1,
  name: "test",
  local: true,
  isolation: "none",
  isolationReason: null,
  slots: 1,
  spoolEpoch: "s1",
  spoolSeq: 0,
  lastOfferSeq: 0,
  live: [],
  ended: [],
};

export function baselineOffer(connection: number, acceptByMs: number): Offer {
  return {
    connection,
    offerSeq: 1,
    acceptByMs,
    spec: {
      kind: "baseline",
      runId,
      resource: `rig:${rigId}`,
      fence: { epoch: 1, n: 1 },
      limits: {
        wallMs: 1,
        turnsMax: 1,
        firstTokenMs: 1,
        silenceMs: 1,
        repromptsMax: 0,
        cutOffMs: 1,
        warmMs: 0,
        warmWorkMs: 0,
      },
      rig: {
        id: rigId,
        name: "sample",
        remote: "/nowhere",
        target: "main",
        delivery: "none",
        gates: [],
        setup: null,
        isolationConfirmed: false,
        convoyBranch: null,
        egress: "none",
        lfs: "pointers",
        savedKept: null,
        environment: NO_ENVIRONMENT,
      },
    },
  };
}
