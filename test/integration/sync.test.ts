import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer } from "#contracts/client.ts";
import { SyncClient, type SyncState } from "#contracts/sync-client.ts";
import { createWebSocketTransport } from "#contracts/websocket-transport.ts";
import { SyncClientKind, type SyncPeer } from "#gen/sync_pb.ts";
import { systemClock } from "#kernel/clock.ts";
import { systemRandom } from "#kernel/random.ts";
import { BreakableProxy } from "../support/breakable-proxy.ts";
import { describeReal } from "../support/real-components.ts";
import {
  embeddedInstallation,
  type Installation,
  type RunningServer,
  realInstallation,
  startServer,
  testFile,
} from "./server-harness.ts";

/** The compiler knows the type twice, by the package's two builds. */
type Transport = ConstructorParameters<typeof SyncClient>[0]["transport"];
const WAYS: [string, (baseUrl: string, token: () => Promise<string>) => Transport][] = [
  [
    "gRPC",
    (baseUrl, token) =>
      createGrpcTransport({ baseUrl, interceptors: [bearer(token) as never] }) as unknown as Transport,
  ],
  [
    "a websocket",
    (baseUrl, token) => {
      const options = { baseUrl, clock: systemClock, interceptors: [bearer(token)] };
      return createWebSocketTransport(options) as unknown as Transport;
    },
  ],
];

/** A client that runs, and what it has heard. */
class Follower implements AsyncDisposable {
  readonly ids: string[] = [];
  peers: readonly SyncPeer[] = [];
  readonly states: SyncState[] = [];
  readonly client: SyncClient;
  readonly #stop = new AbortController();
  readonly #watchers = new Set<() => void>();
  readonly ended: Promise<unknown>;
  /** How often it was told to list the pictures anew. */
  missed = 0;

  constructor(
    transport: Transport,
    clientId: string,
    kind: SyncClientKind = SyncClientKind.DESKTOP,
    afterSequence?: bigint,
  ) {
    const heard = () => {
      for (const watcher of this.#watchers) watcher();
    };
    this.client = new SyncClient(
      { transport, clock: systemClock, random: systemRandom },
      {
        clientId,
        kind,
        label: `label of ${clientId}`,
        ...(afterSequence === undefined ? {} : { afterSequence }),
      },
      {
        changes: (items) => {
          this.ids.push(...items.map(({ id }) => id));
          heard();
        },
        presence: (peers) => {
          this.peers = peers;
          heard();
        },
        missed: () => {
          this.missed++;
          heard();
        },
        state: (state) => {
          this.states.push(state);
          heard();
        },
      },
    );
    this.ended = this.client.run(this.#stop.signal).catch((error: unknown) => error);
  }

  /** Resolves as soon as it is so. */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const watcher = () => {
        if (!isSo()) return;
        this.#watchers.delete(watcher);
        resolve();
      };
      this.#watchers.add(watcher);
      watcher();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.ended;
  }
}

describe("a sync stream", () => {
  let installation: Installation;
  let server: RunningServer;
  beforeAll(async () => {
    installation = await embeddedInstallation();
    server = await startServer(installation);
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
  });
  const announce = async (user: string) => {
    const { items } = await server
      .client({ user })
      .uploads.createUploads({ items: [testFile().announcement] });
    return items[0]!.mediaId;
  };

  describe.each(WAYS)("over %s", (name, open) => {
    const user = name === "gRPC" ? "over-grpc" : "over-websocket";
    const transport = (baseUrl = server.url, as = user) => open(baseUrl, () => server.token({ user: as }));

    test("pushes what changes, to its owner", async () => {
      await using mine = new Follower(transport(), "mine");
      await using theirs = new Follower(transport(server.url, `${user}-other`), "theirs");
      await Promise.all([mine, theirs].map((each) => each.until(() => each.states.includes("connected"))));
      const id = await announce(user);
      await mine.until(() => mine.ids.includes(id));
      expect(theirs.ids).toEqual([]);
    });

    test("says who else is there, and what they do", async () => {
      await using desktop = new Follower(transport(), "desktop-1");
      await desktop.until(() => desktop.peers.length === 1);
      const page = new Follower(transport(), "page-1", SyncClientKind.PAGE);
      await desktop.until(() => desktop.peers.length === 2);
      page.client.setActivity("Looking at 12 pictures");
      await desktop.until(() => desktop.peers.some(({ activity }) => activity !== ""));
      expect(desktop.peers).toMatchObject([
        { clientId: "desktop-1", kind: SyncClientKind.DESKTOP, label: "label of desktop-1", activity: "" },
        { clientId: "page-1", kind: SyncClientKind.PAGE, activity: "Looking at 12 pictures" },
      ]);
      await page[Symbol.asyncDispose]();
      await desktop.until(() => desktop.peers.length === 1);
    });

    test("comes back after the line was cut, and misses nothing", async () => {
      await using line = await BreakableProxy.to({
        host: "127.0.0.1",
        port: Number(new URL(server.url).port),
      });
      await using follower = new Follower(transport(`http://127.0.0.1:${line.port}`), "comes-back");
      await follower.until(() => follower.states.includes("connected"));
      const first = await announce(user);
      await follower.until(() => follower.ids.includes(first));
      line.break();
      const meanwhile = [await announce(user), await announce(user)];
      line.mend();
      await follower.until(() => meanwhile.every((id) => follower.ids.includes(id)));
      expect(follower.ids).toEqual([first, ...meanwhile]);
      expect(follower.states.filter((state) => state === "connected")).toHaveLength(2);
    });

    test("goes on from its last acknowledgement when it does not say where it was", async () => {
      const before = new Follower(transport(), "remembered");
      await before.until(() => before.states.includes("connected"));
      const first = await announce(user);
      await before.until(() => before.ids.includes(first));
      await before[Symbol.asyncDispose]();
      const meanwhile = await announce(user);
      await using after = new Follower(transport(), "remembered");
      await after.until(() => after.ids.length > 0);
      expect(after.ids).toContain(meanwhile);
      expect(after.ids.filter((id) => id === first).length).toBeLessThanOrEqual(1);
    });

    test("lists anew, and goes on from now, when what it missed is not kept any more", async () => {
      const old = await announce(user);
      const data = await server.open();
      await data.repository.removeEventsBefore(Date.now() + 1_000);
      await using late = new Follower(transport(), "late", SyncClientKind.DESKTOP, 0n);
      await late.until(() => late.missed === 1 && late.states.at(-1) === "connected");
      const next = await announce(user);
      await late.until(() => late.ids.includes(next));
      expect(late.missed).toBe(1);
      expect(late.ids).not.toContain(old);
      await data.close();
    });

    test("ends when the same client connects again, and says so", async () => {
      await using first = new Follower(transport(), "twice");
      await first.until(() => first.states.includes("connected"));
      await using second = new Follower(transport(), "twice");
      await second.until(() => second.states.includes("connected"));
      expect(await first.ended).toMatchObject({ code: "conflict", retry: "never" });
    });

    test("is not opened to strangers", async () => {
      const stranger = open(server.url, async () => "no-token");
      await using follower = new Follower(stranger, "stranger");
      expect(await follower.ended).toMatchObject({ code: "unauthenticated" });
    });
  });
});

describeReal("sync streams of two servers of one installation", ["minio", "redis", "postgres"], () => {
  test("bring a desktop and a page of one user together, and what changes at either", async () => {
    await using installation = await realInstallation();
    await using one = await startServer(installation);
    await using other = await startServer(installation);
    const [[, grpc], [, webSocket]] = WAYS as [(typeof WAYS)[0], (typeof WAYS)[0]];
    const token = () => one.token({ user: "ann" });
    await using desktop = new Follower(grpc(one.url, token), "desktop");
    const page = new Follower(webSocket(other.url, token), "page", SyncClientKind.PAGE);
    for (const each of [desktop, page]) await each.until(() => each.peers.length === 2);
    page.client.setActivity("Looking at 12 pictures");
    await desktop.until(() => desktop.peers.some(({ activity }) => activity === "Looking at 12 pictures"));
    const { items } = await other
      .client({ user: "ann" })
      .uploads.createUploads({ items: [testFile().announcement] });
    for (const each of [desktop, page]) await each.until(() => each.ids.includes(items[0]!.mediaId));
    await page[Symbol.asyncDispose]();
    await desktop.until(() => desktop.peers.length === 1);
  });
});
