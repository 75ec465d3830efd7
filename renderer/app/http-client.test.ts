import { describe, expect, test } from "vitest";
import type { JobView } from "#contracts/ipc.ts";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { SeededRandom } from "../../test/fakes/seeded-random.ts";
import { type EventSourceLike, HttpClient } from "./http-client.ts";

class Stream implements EventSourceLike {
  closed = false;
  readonly #listeners = new Map<string, (event: { data?: unknown }) => void>();
  addEventListener(name: string, listener: (event: { data?: unknown }) => void): void {
    this.#listeners.set(name, listener);
  }
  close(): void {
    this.closed = true;
  }
  say(name: string, data: unknown = {}): void {
    this.#listeners.get(name)?.({ data: JSON.stringify(data) });
  }
}

type Reply = (path: string, init: RequestInit) => Response | Promise<Response>;

function open(reply: Reply = () => Response.json({ ok: {} })) {
  const clock = new FakeClock();
  const streams: Stream[] = [];
  const requests: { path: string; init: RequestInit }[] = [];
  const client = new HttpClient(
    {
      fetch: async (url, init = {}) => {
        const path = String(url).replace("http://127.0.0.1:1/", "");
        requests.push({ path, init });
        return reply(path, init);
      },
      openEvents: () => {
        const stream = new Stream();
        streams.push(stream);
        return stream;
      },
      clock,
      random: new SeededRandom(1),
    },
    { baseUrl: "http://127.0.0.1:1/" },
  );
  const connection: boolean[] = [];
  client.onConnection((connected) => connection.push(connected));
  return { client, clock, streams, requests, connection };
}

describe("events over HTTP", () => {
  test("a stream that breaks is opened again by itself, and events go on", async () => {
    const { client, clock, streams, connection } = open();
    const heard: string[] = [];
    client.on("job.changed", ({ job }) => heard.push(job.id));
    client.start(() => {});
    streams[0]!.say("hello", { heartbeatMs: 1_000 });
    streams[0]!.say("job.changed", { job: { id: "a" } as JobView });
    streams[0]!.say("error");
    await clock.whenSleeping();
    await clock.advance(1_000);
    expect(streams).toHaveLength(2);
    streams[1]!.say("hello", { heartbeatMs: 1_000 });
    streams[1]!.say("job.changed", { job: { id: "b" } as JobView });
    expect(connection).toEqual([true, false, true]);
    expect(heard).toEqual(["a", "b"]);
    client.close();
  });

  test("a stream that falls silent counts as lost; signs of life keep it", async () => {
    const { client, clock, streams, connection } = open();
    client.start(() => {});
    streams[0]!.say("hello", { heartbeatMs: 1_000 });
    for (let second = 0; second < 5; second += 1) {
      await clock.advance(1_000);
      streams[0]!.say("heartbeat");
    }
    expect(connection).toEqual([true]);
    await clock.advance(2_500);
    expect(connection).toEqual([true, false]);
    expect(streams[0]!.closed).toBe(true);
    client.close();
  });

  test("a session that has ended is told apart from a core that does not answer", async () => {
    const error = { code: "unauthenticated", message: "Ended." };
    const { client, clock, streams } = open(() => Response.json({ error }, { status: 401 }));
    let ended = 0;
    client.start(() => {
      ended += 1;
    });
    streams[0]!.say("error");
    await clock.whenSleeping();
    expect(ended).toBe(1);
    client.close();
  });
});

describe("calls over HTTP", () => {
  test("an error keeps its code and details", async () => {
    const error = { code: "disk.full", message: "Full.", details: { free: 0 } };
    const { client } = open(() => Response.json({ error }));
    await expect(client.call("import.samples", {})).rejects.toMatchObject({
      code: "disk.full",
      details: { free: 0 },
    });
  });

  test("no answer and an answer of something else are both “unavailable”", async () => {
    const { client } = open(() => Promise.reject(new TypeError("fetch failed")));
    await expect(client.call("jobs.list", {})).rejects.toMatchObject({ code: "unavailable" });
    const { client: proxied } = open(() => new Response("<html>", { status: 502 }));
    await expect(proxied.call("jobs.list", {})).rejects.toMatchObject({ code: "unavailable" });
  });
});

describe("dropped files over HTTP", () => {
  const file = (relativePath: string) => ({ file: new File(["x"], relativePath), relativePath });

  test("every file is sent, then the import starts with the mark", async () => {
    const { client, requests } = open((path) =>
      Response.json({ ok: path.endsWith("finish") ? { jobId: "j" } : {} }),
    );
    const handed: number[] = [];
    const answer = await client.drop([file("Möbel/a b.jpg"), file("c.jpg")], {
      mark: { text: "©" },
      onProgress: (count) => handed.push(count),
    });
    expect(answer).toEqual({ jobId: "j" });
    expect(handed).toEqual([1, 2]);
    expect(requests.map(({ path }) => path.split("/").slice(2).join("/"))).toEqual([
      "M%C3%B6bel/a%20b.jpg",
      "c.jpg",
      "finish",
    ]);
    expect(requests.at(-1)?.init.body).toBe(JSON.stringify({ mark: { text: "©" } }));
  });

  test("one that is refused stops the drop and takes the others back", async () => {
    const error = { code: "disk.full", message: "Full." };
    const { client, requests } = open((path) =>
      path.endsWith("b.jpg") ? Response.json({ error }, { status: 507 }) : Response.json({ ok: {} }),
    );
    const files = ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg", "f.jpg"].map(file);
    await expect(client.drop(files)).rejects.toMatchObject({ code: "disk.full" });
    expect(requests.at(-1)?.init.method).toBe("DELETE");
    expect(requests.some(({ path }) => path.endsWith("finish") || path.endsWith("f.jpg"))).toBe(false);
  });
});
