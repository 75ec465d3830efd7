import { beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { createMemoryPresenceBoard } from "../adapters/memory/presence-board.ts";
import { Bell } from "./bell.ts";
import type { Caller } from "./caller.ts";
import { MediaTail } from "./media-tail.ts";
import type { MediaEvent, MediaRepository, MediaRow } from "./ports/media-repository.ts";
import { SYNC_WINDOW, type SyncHello, type SyncIn, type SyncOut } from "./sync-messages.ts";
import { SyncService } from "./sync-service.ts";

const caller = { user: "studio" } as Caller;

/** A client's side of one stream. */
class Line {
  readonly heard: SyncOut[] = [];
  readonly ended: Promise<unknown>;
  readonly #said: SyncIn[] = [];
  readonly #bell = Promise.withResolvers<void>();
  #wake = this.#bell;
  #over = false;
  readonly stop = new AbortController();

  constructor(service: SyncService) {
    const read = async () => {
      for await (const message of service.sync(caller, this.#messages(), this.stop.signal))
        this.heard.push(message);
    };
    this.ended = read().catch((error: unknown) => error);
  }

  say(...messages: SyncIn[]): void {
    this.#said.push(...messages);
    this.#wake.resolve();
  }

  leave(): void {
    this.#over = true;
    this.#wake.resolve();
  }

  of<K extends SyncOut["kind"]>(kind: K): Extract<SyncOut, { kind: K }>[] {
    return this.heard.filter((message): message is Extract<SyncOut, { kind: K }> => message.kind === kind);
  }

  async *#messages(): AsyncGenerator<SyncIn> {
    for (;;) {
      const message = this.#said.shift();
      if (message) yield message;
      else if (this.#over) return;
      else {
        this.#wake = Promise.withResolvers();
        await this.#wake.promise;
      }
    }
  }
}

const hello = (clientId: string, more: Partial<SyncHello> = {}): SyncHello => ({
  kind: "hello",
  clientId,
  clientKind: "desktop",
  label: "",
  activity: "",
  media: true,
  presence: false,
  afterSequence: undefined,
  ...more,
});

describe("sync", () => {
  let clock: FakeClock;
  let events: MediaEvent[];
  let commits: Bell;
  let service: SyncService;
  beforeEach(() => {
    clock = new FakeClock();
    events = [];
    commits = new Bell();
    const repository = {
      lastSequence: async () => events.length,
      eventsAfter: async (after: number, { limit }: { limit: number }) => events.slice(after, after + limit),
    } as unknown as MediaRepository;
    const tail = new MediaTail({ repository, clock, commits });
    service = new SyncService({ repository, tail, presence: createMemoryPresenceBoard(), clock });
  });

  const change = (...ids: string[]) => {
    for (const id of ids) {
      const media = { id, owner: "studio", version: events.length } as MediaRow;
      events.push({ sequence: events.length + 1, media, kind: "media.changed", atMs: 0 });
    }
    commits.ring();
  };
  const greet = async (id: string, more: Partial<SyncHello> = {}) => {
    const line = new Line(service);
    line.say(hello(id, more));
    await clock.advance(1);
    return line;
  };

  test("welcomes a client and pushes what changes, up to the window; the rest when it has acknowledged", async () => {
    const line = await greet("a");
    expect(line.heard).toEqual([{ kind: "welcome", sequence: 0 }]);
    for (let push = 0; push < SYNC_WINDOW + 3; push++) {
      change(`p${push}`);
      await clock.advance(100);
    }
    expect(line.of("changes")).toHaveLength(SYNC_WINDOW);
    line.say({ kind: "acknowledge", sequence: line.of("changes").at(-1)!.sequence });
    await clock.advance(100);
    expect(line.of("changes").flatMap(({ rows }) => rows)).toHaveLength(SYNC_WINDOW + 3);
    line.leave();
    expect(await line.ended).toBeUndefined();
    expect(clock.sleeping).toBe(0);
  });

  test("keeps the last state of each picture for a client that is busy", async () => {
    const line = await greet("a");
    for (let push = 0; push < SYNC_WINDOW; push++) {
      change(`p${push}`);
      await clock.advance(100);
    }
    for (let again = 0; again < 5_000; again++) change("the-same");
    await clock.advance(1_000);
    line.say({ kind: "acknowledge", sequence: SYNC_WINDOW });
    await clock.advance(1_000);
    const { rows, sequence } = line.of("changes").at(-1)!;
    expect(rows.map(({ id, version }) => [id, version])).toEqual([["the-same", events.length - 1]]);
    expect(sequence).toBe(events.length);
    line.stop.abort();
    await line.ended;
  });

  test("cuts off a client that acknowledges nothing while much waits, and goes on where it was", async () => {
    const line = await greet("a");
    change(...Array.from({ length: 5_000 }, (_, at) => `p${at}`));
    for (let second = 0; second < 45; second++) {
      line.say({ kind: "ping" });
      await clock.advance(1_000);
    }
    expect(await line.ended).toMatchObject({
      code: "resource_exhausted",
      retry: "backoff",
      reason: "too_slow",
    });
    const back = await greet("a", { afterSequence: 0 });
    while (back.of("changes").flatMap(({ rows }) => rows).length < 5_000) {
      back.say({ kind: "acknowledge", sequence: back.of("changes").at(-1)?.sequence ?? 0 });
      await clock.advance(50);
    }
    expect(new Set(back.of("changes").flatMap(({ rows }) => rows.map(({ id }) => id))).size).toBe(5_000);
    back.stop.abort();
    await back.ended;
  });

  test("speaks in silence, and ends with a client that does not", async () => {
    const line = await greet("a");
    await clock.advance(44_000);
    expect(line.of("heartbeat")).toHaveLength(2);
    await clock.advance(2_000);
    expect(await line.ended).toMatchObject({ code: "unavailable", retry: "backoff" });
  });

  test("pushes again what was not acknowledged when a client comes back without a place of its own", async () => {
    const first = await greet("a");
    change("p0");
    await clock.advance(100);
    first.say({ kind: "acknowledge", sequence: 1 });
    change("p1");
    await clock.advance(100);
    first.leave();
    await first.ended;
    const second = await greet("a");
    await clock.advance(100);
    expect(second.of("changes").flatMap(({ rows }) => rows.map(({ id }) => id))).toEqual(["p1"]);
    second.stop.abort();
    await second.ended;
  });

  test("says who is there in few messages, however much they have to say", async () => {
    const line = await greet("a", { presence: true });
    const other = await greet("b");
    for (let at = 0; at < 1_000; at++) other.say({ kind: "activity", activity: `picture ${at}` });
    await clock.advance(1_000);
    expect(line.of("presence").length).toBeLessThanOrEqual(5);
    expect(line.of("presence").at(-1)!.peers).toMatchObject([{ clientId: "a" }, { activity: "picture 999" }]);
    other.leave();
    await other.ended;
    await clock.advance(1_000);
    expect(line.of("presence").at(-1)!.peers).toHaveLength(1);
    line.stop.abort();
    await line.ended;
  });

  test.each([
    ["says something else first", [{ kind: "ping" } as SyncIn]],
    ["says hello twice", [hello("a"), hello("a")]],
    ["has no proper id", [hello("not an id")]],
    ["does more than fits", [hello("a"), { kind: "activity", activity: "x".repeat(201) } as SyncIn]],
  ])("refuses a client that %s", async (_, messages) => {
    const line = new Line(service);
    line.say(...messages);
    await clock.advance(100);
    expect(await line.ended).toMatchObject({ code: "invalid_argument" });
  });

  test("waits for a hello no longer than ten seconds", async () => {
    const line = new Line(service);
    await clock.advance(11_000);
    expect(await line.ended).toMatchObject({ code: "deadline_exceeded" });
  });

  test("lets no user have more than 64 clients", async () => {
    const lines = [];
    for (let at = 0; at < 64; at++) lines.push(await greet(`c${at}`, { media: false }));
    expect(await (await greet("one-more")).ended).toMatchObject({ code: "resource_exhausted" });
    for (const line of lines) line.leave();
    await Promise.all(lines.map(({ ended }) => ended));
  });
});
