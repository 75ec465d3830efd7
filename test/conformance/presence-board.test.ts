import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "#kernel/clock.ts";
import { systemRandom } from "#kernel/random.ts";
import { createMemoryPresenceBoard } from "../../server/adapters/memory/presence-board.ts";
import { createRedisPresenceBoard } from "../../server/adapters/redis/presence-board.ts";
import type { Peer, PresenceBoard } from "../../server/services/ports/presence-board.ts";
import { BreakableProxy } from "../support/breakable-proxy.ts";
import { describeReal, real } from "../support/real-components.ts";
import { countRedisKeys, removeRedisKeys } from "../support/redis-keys.ts";

interface BoardFixture {
  /** The board as one more process has it. */
  open(): PresenceBoard;
  remove(): Promise<void>;
}

/** For a machine that is busy. */
const SOON = { timeout: 15_000 };
const peer = (clientId: string, sinceMs: number, activity = ""): Peer => ({
  clientId,
  kind: "page",
  label: `client ${clientId}`,
  activity,
  sinceMs,
});
const names = (board: PresenceBoard, user = "ann") =>
  board.peers(user).map(({ clientId, activity }) => `${clientId}${activity && ` ${activity}`}`);

/** What every `PresenceBoard` does. */
function describeBoard(title: string, makeFixture: () => BoardFixture): void {
  describe(title, () => {
    let fixture: BoardFixture;
    let here: PresenceBoard;
    let there: PresenceBoard;
    beforeEach(() => {
      fixture = makeFixture();
      here = fixture.open();
      there = fixture.open();
    });
    afterEach(async () => {
      for (const board of new Set([here, there])) await board[Symbol.asyncDispose]();
      await fixture.remove();
    });
    /** Who watches reads; so do its messages. */
    const watch = (board: PresenceBoard, user = "ann") => {
      const changed = vi.fn();
      const watching = board.watch(user, changed);
      return { changed, [Symbol.dispose]: () => watching[Symbol.dispose]() };
    };

    test("lists a user's clients, longest there first, wherever each is connected", async () => {
      using _here = watch(here);
      using _there = watch(there);
      here.put("ann", peer("b", 2));
      there.put("ann", peer("a", 1));
      there.put("bob", peer("c", 3));
      for (const board of [here, there]) await expect.poll(() => names(board), SOON).toEqual(["a", "b"]);
      expect(names(there, "bob")).toEqual(["c"]);
      expect(names(here, "nobody")).toEqual([]);
    });

    test("tells watchers of who comes, changes and goes, and of nobody else's clients", async () => {
      using watching = watch(here);
      there.put("ann", peer("a", 1));
      await expect.poll(() => names(here), SOON).toEqual(["a"]);
      const told = watching.changed.mock.calls.length;
      expect(told).toBeGreaterThan(0);
      there.put("ann", peer("a", 1, "marks"));
      await expect.poll(() => names(here), SOON).toEqual(["a marks"]);
      expect(watching.changed.mock.calls.length).toBeGreaterThan(told);
      there.put("bob", peer("b", 2));
      there.remove("ann", "a");
      await expect.poll(() => names(here), SOON).toEqual([]);
      const gone = watching.changed.mock.calls.length;
      there.remove("ann", "a");
      here.remove("ann", "nobody");
      there.put("ann", peer("c", 3));
      await expect.poll(() => names(here), SOON).toEqual(["c"]);
      expect(watching.changed.mock.calls.length).toBe(gone + 1);
    });

    test("knows its own clients at once", () => {
      here.put("ann", peer("a", 1));
      expect(names(here)).toEqual(["a"]);
      here.remove("ann", "a");
      expect(names(here)).toEqual([]);
    });

    test("tells nobody who has stopped watching", async () => {
      const one = watch(here);
      using other = watch(here);
      one[Symbol.dispose]();
      there.put("ann", peer("a", 1));
      await expect.poll(() => other.changed.mock.calls.length, SOON).toBeGreaterThan(0);
      expect(one.changed).not.toHaveBeenCalled();
    });
  });
}

describeBoard("presence in memory", () => {
  const board = createMemoryPresenceBoard();
  return { open: () => board, remove: async () => {} };
});

describeReal("with Redis", ["redis"], () => {
  const url = real("redis")!;
  const redisFixture = (lifetimeMs?: number) => {
    const name = randomUUID();
    const shared = { name, clock: systemClock, random: systemRandom, ...(lifetimeMs && { lifetimeMs }) };
    return {
      open: (way = url) => createRedisPresenceBoard({ url: way, ...shared }),
      keys: () => countRedisKeys(url, `platemark:presence:${name}`),
      remove: () => removeRedisKeys(url, `platemark:presence:${name}`),
    };
  };
  describeBoard("presence on Redis", () => redisFixture());

  describe("presence on Redis, over several servers", () => {
    test("forgets the clients of a server that is silent, and keeps those of one that is not", async () => {
      const fixture = redisFixture(400);
      await using here = fixture.open();
      using _watch = here.watch("ann", () => {});
      const { hostname, port } = new URL(url);
      await using line = await BreakableProxy.to({ host: hostname, port: Number(port || 6379) });
      await using dead = fixture.open(`redis://127.0.0.1:${line.port}`);
      await using alive = fixture.open();
      dead.put("ann", peer("dead", 1));
      alive.put("ann", peer("alive", 2));
      await expect.poll(() => names(here), SOON).toEqual(["dead", "alive"]);
      line.hush();
      await expect.poll(() => names(here), SOON).toEqual(["alive"]);
      expect(names(dead)).toContain("dead");
      line.break();
      await fixture.remove();
    });

    test("takes a client that has come again elsewhere from where it was", async () => {
      const fixture = redisFixture(400);
      await using here = fixture.open();
      await using there = fixture.open();
      await using watching = fixture.open();
      using _watch = watching.watch("ann", () => {});
      here.put("ann", peer("a", 1, "old"));
      await expect.poll(() => names(watching), SOON).toEqual(["a old"]);
      there.put("ann", peer("a", 2, "new"));
      await expect.poll(() => names(watching), SOON).toEqual(["a new"]);
      here.remove("ann", "a");
      here.put("ann", peer("b", 3));
      await expect.poll(() => names(watching), SOON).toEqual(["a new", "b"]);
      await fixture.remove();
    });

    test("puts down anew what Redis has lost, and leaves nothing behind", async () => {
      const fixture = redisFixture(400);
      const here = fixture.open();
      const there = fixture.open();
      using _watch = there.watch("ann", () => {});
      here.put("ann", peer("a", 1));
      await expect.poll(() => names(there), SOON).toEqual(["a"]);
      await fixture.remove();
      await expect.poll(() => fixture.keys(), SOON).toBe(1);
      await expect.poll(() => names(there), SOON).toEqual(["a"]);
      await here[Symbol.asyncDispose]();
      await expect.poll(() => names(there), SOON).toEqual([]);
      expect(await fixture.keys()).toBe(0);
      await there[Symbol.asyncDispose]();
    });
  });
});

describe("presence with a Redis that is away", () => {
  test("is that of this process", async () => {
    const board = createRedisPresenceBoard({
      url: "redis://127.0.0.1:1",
      name: "away",
      clock: systemClock,
      random: systemRandom,
    });
    board.put("ann", peer("a", 1));
    using _watch = board.watch("ann", () => {});
    expect(names(board)).toEqual(["a"]);
    board.remove("ann", "a");
    expect(names(board)).toEqual([]);
    await board[Symbol.asyncDispose]();
  });
});
