// BullMQ: a job from `add` to its worker, both in this process as the town's client and runner are.
import { loadPeer } from "./install.ts";
import { serveRedis } from "./redis.ts";

/** The part of BullMQ that is used. */
interface BullMq {
  Queue: new (
    name: string,
    options: object,
  ) => {
    add(name: string, data: { n: number }, options: object): Promise<unknown>;
    close(): Promise<void>;
  };
  Worker: new (
    name: string,
    work: (job: { data: { n: number } }) => Promise<void>,
    options: object,
  ) => { waitUntilReady(): Promise<unknown>; close(): Promise<void> };
}

export interface JobQueue extends AsyncDisposable {
  /** Adds job `n`; `onJob` is called when it is with its worker. */
  add(n: number): void;
  onJob: (n: number) => void;
}

const NAME = "bench";
/** Jobs at once with the worker; each ends at once. */
const CONCURRENCY = 64;

/** A queue on a Redis of its own. @throws NotRun when a peer is missing */
export async function openQueue(root: string, folder: string): Promise<JobQueue> {
  await using open = new AsyncDisposableStack();
  const { host, port } = open.use(await serveRedis(folder));
  const { Queue, Worker } = await loadPeer<BullMq>(root, "bullmq");
  const connection = { host, port, maxRetriesPerRequest: null };
  const queue = new Queue(NAME, { connection });
  open.defer(() => queue.close());
  const self = { onJob: (_n: number): void => undefined };
  const worker = new Worker(NAME, (job) => Promise.resolve(self.onJob(job.data.n)), {
    connection,
    concurrency: CONCURRENCY,
  });
  open.defer(() => worker.close());
  await worker.waitUntilReady();
  const all = open.move();
  return Object.assign(self, {
    add(n: number): void {
      void queue.add("job", { n }, { removeOnComplete: true, removeOnFail: true });
    },
    [Symbol.asyncDispose]: () => all[Symbol.asyncDispose](),
  });
}
