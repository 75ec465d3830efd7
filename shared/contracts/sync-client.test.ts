import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";
import { type SyncRequest, SyncService } from "#gen/sync_pb.ts";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { SeededRandom } from "../../test/fakes/seeded-random.ts";
import { SyncClient, type SyncListener } from "./sync-client.ts";

const WELCOME = { sequence: 7n, heartbeatMs: 15_000, deadAfterMs: 45_000, window: 8 };
type Answers = (heard: AsyncIterable<SyncRequest>, signal: AbortSignal) => AsyncGenerator<object>;

describe("a sync client", () => {
  let clock: FakeClock;
  let stop: AbortController;
  /** When each stream was opened. */
  let opened: number[];
  let heard: SyncRequest["message"][];
  beforeEach(() => {
    clock = new FakeClock();
    stop = new AbortController();
    opened = [];
    heard = [];
  });

  function client(answers: Answers, listener: SyncListener = {}) {
    const transport = createRouterTransport(({ service }) =>
      service(SyncService, {
        async *sync(requests, { signal }) {
          opened.push(clock.now());
          async function* noted() {
            for await (const request of requests) {
              heard.push(request.message);
              yield request;
            }
          }
          yield* answers(noted(), signal);
        },
      }),
    );
    // The compiler knows the type twice, by the package's two builds.
    const deps = { transport: transport as never, clock, random: new SeededRandom() };
    const made = new SyncClient(deps, { clientId: "a", kind: 1 }, listener);
    return { made, ended: made.run(stop.signal).catch((error: unknown) => error) };
  }
  const message = (value: object) => ({ message: value });
  const silence = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

  test("comes back with growing pauses while the server refuses, and with a short one after it was well", async () => {
    let well = false;
    const { ended } = client(async function* (_requests, signal) {
      if (!well) throw new ConnectError("away", Code.Unavailable);
      yield message({ case: "welcome", value: WELCOME });
      await clock.sleep(10_000, { signal });
      throw new ConnectError("stopped", Code.Unavailable);
    });
    await clock.advance(60_000);
    const pauses = opened.slice(1).map((at, index) => at - opened[index]!);
    expect(pauses.length).toBeGreaterThan(5);
    for (const [at, pause] of pauses.entries()) {
      const ceiling = Math.min(30_000, 500 * 2 ** at);
      expect(pause).toBeGreaterThanOrEqual(ceiling / 2 - 1);
      expect(pause).toBeLessThanOrEqual(ceiling + 1);
    }
    well = true;
    await clock.advance(45_000);
    const [before, after] = opened.slice(-2) as [number, number];
    expect(after - before).toBeLessThanOrEqual(10_501);
    stop.abort();
    expect(await ended).toBeUndefined();
  });

  test("leaves a server that is silent for too long, and speaks itself meanwhile", async () => {
    const { ended } = client(async function* (requests, signal) {
      void (async () => {
        for await (const _ of requests);
      })().catch(() => {});
      yield message({ case: "welcome", value: WELCOME });
      await silence(signal);
    });
    await clock.advance(40_000);
    expect(opened).toHaveLength(1);
    expect(heard.filter((said) => said.case === "ping")).toHaveLength(2);
    await clock.advance(15_000);
    expect(opened).toHaveLength(2);
    stop.abort();
    await ended;
    expect(clock.sleeping).toBe(0);
  });

  test("acknowledges changes when they are safe, and says where it was when it comes back", async () => {
    const safe = Promise.withResolvers<void>();
    const { made, ended } = client(
      async function* (requests, signal) {
        const hello = (await requests[Symbol.asyncIterator]().next()).value;
        yield message({ case: "welcome", value: WELCOME });
        if (opened.length > 1) await silence(signal);
        yield message({ case: "changes", value: { items: [], sequence: 9n } });
        expect(hello.message.case).toBe("hello");
        await clock.sleep(1_000, { signal });
        throw new ConnectError("cut", Code.Unavailable);
      },
      { changes: () => safe.promise },
    );
    await clock.advance(10);
    expect(made.sequence).toBe(7n);
    safe.resolve();
    await clock.advance(10);
    expect(made.sequence).toBe(9n);
    await clock.advance(5_000);
    expect(opened).toHaveLength(2);
    expect(heard.filter((said) => said.case === "hello").at(-1)).toMatchObject({
      value: { afterSequence: 9n },
    });
    stop.abort();
    await ended;
  });

  test("ends with what its listener throws: that is no failure of the line", async () => {
    const { ended } = client(
      async function* () {
        yield message({ case: "welcome", value: WELCOME });
        yield message({ case: "changes", value: { items: [], sequence: 9n } });
      },
      {
        changes() {
          throw new Error("disk full");
        },
      },
    );
    await clock.advance(10);
    expect(await ended).toMatchObject({ message: "disk full" });
    expect(opened).toHaveLength(1);
  });
});
