import { afterEach, describe, expect, test } from "vitest";
import { silentLogger } from "#kernel/logger.ts";
import { ThreadPool } from "./thread-pool.ts";

/** A thread that does what the first byte says: 0 answer, 1 die, 2 hang. */
const ENTRY = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort, threadId } from "node:worker_threads";
    parentPort.on("message", ({ id, input }) => {
      if (input[0] === 1) process.exit(3);
      if (input[0] === 2) for (;;);
      parentPort.postMessage({ id, result: { body: new Uint8Array([threadId]), sha256: "" } });
    });
  `)}`,
);

interface Task {
  readonly input: Uint8Array;
}

let pool: ThreadPool<Task, { readonly body: Uint8Array }>;
afterEach(() => pool.close());

function open(threads: number, deadlineMs = 60_000): typeof pool {
  pool = new ThreadPool({
    entry: ENTRY,
    threads,
    settings: {},
    pack(task) {
      const input = new Uint8Array(task.input);
      return { message: { input }, moved: [input.buffer] };
    },
    words: { closed: "Closed.", hung: "Hung.", died: "Died.", diedCode: "mark.failed" },
    deadlineMs,
    logger: silentLogger,
  });
  return pool;
}
const run = (what: number, signal?: AbortSignal) => pool.run({ input: Uint8Array.of(what) }, { signal });

describe("ThreadPool", () => {
  test("a thread that dies is replaced; its picture fails after a second try, the others are done", async () => {
    open(1);
    const results = await Promise.allSettled([run(0), run(1), run(0), run(0)]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect(results[1]).toMatchObject({ reason: { code: "mark.failed", retry: "never" } });
  });

  test("a thread that hangs is ended at the deadline, and the next picture gets a fresh one", async () => {
    open(1, 400);
    const hanging = run(2);
    const next = run(0);
    await expect(hanging).rejects.toMatchObject({ code: "deadline_exceeded", retry: "backoff" });
    await expect(next).resolves.toMatchObject({ body: expect.any(Uint8Array) });
  });

  test("the caller's bytes stay the caller's", async () => {
    open(1);
    const input = Uint8Array.of(0, 1, 2);
    await pool.run({ input });
    expect([...input]).toEqual([0, 1, 2]);
  });

  test("an aborted task that waits is never started", async () => {
    open(1);
    const abort = new AbortController();
    const first = run(0);
    const waiting = run(1, abort.signal);
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    await first;
    await expect(run(0)).resolves.toBeDefined();
  });

  test("closing fails what is under way, and nothing is taken any more", async () => {
    open(1);
    const hanging = run(2);
    const waiting = run(0);
    const both = Promise.allSettled([hanging, waiting]);
    await pool.close();
    expect(await both).toMatchObject([
      { reason: { code: "unavailable" } },
      { reason: { code: "unavailable" } },
    ]);
    await expect(run(0)).rejects.toMatchObject({ code: "unavailable" });
  });
});
