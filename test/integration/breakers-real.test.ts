import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { settingsSchema } from "#contracts/settings.ts";
import { systemClock } from "#kernel/clock.ts";
import { systemRandom } from "#kernel/random.ts";
import type { ConnectionSettings } from "../../server/connection-settings.ts";
import { type Connections, openConnections } from "../../server/connections.ts";
import type { BreakerState, ComponentName } from "../../server/services/ports/component-observer.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { BreakableProxy } from "../support/breakable-proxy.ts";
import { describeReal } from "../support/real-components.ts";
import { realInstallation, startServer, testFile } from "./server-harness.ts";

const ASK: Readonly<Record<ComponentName, (connections: Connections) => Promise<unknown>>> = {
  store: ({ store }) => store.head(`raw/${randomUUID()}`),
  database: ({ repository }) => repository.lastSequence(),
  queue: ({ queue }) => queue.stats(),
};
const CODES: Readonly<Record<ComponentName, string>> = {
  store: "store.unreachable",
  database: "unavailable",
  queue: "unavailable",
};

/** The same settings, with this component behind a proxy. */
async function behindProxy(settings: ConnectionSettings, component: ComponentName) {
  const { store, queue, database } = settings;
  if (queue.kind !== "redis" || database.kind !== "postgres") throw new Error("Real parts were asked for.");
  const url = new URL({ store: store.endpoint, queue: queue.url, database: database.url }[component]);
  const proxy = await BreakableProxy.to({ host: url.hostname, port: Number(url.port) });
  url.host = `127.0.0.1:${proxy.port}`;
  const text = component === "store" ? url.origin : url.toString();
  const moved: ConnectionSettings = {
    ...settings,
    store: component === "store" ? { ...store, endpoint: text } : store,
    queue: component === "queue" ? { kind: "redis", url: text } : queue,
    database: component === "database" ? { kind: "postgres", url: text } : database,
  };
  return { proxy, moved };
}

describeReal(
  "breakers, with MinIO, Redis and PostgreSQL that go away and come back",
  ["minio", "redis", "postgres"],
  () => {
    test.each<ComponentName>(["store", "database", "queue"])(
      "the %s is left alone while it is away, the others serve, and it is used again when it is back",
      { timeout: 60_000 },
      async (component) => {
        await using installation = await realInstallation();
        await using server = await startServer(installation);
        const { proxy, moved } = await behindProxy(server.connections, component);
        await using _proxy = proxy;
        const states = new Map<ComponentName, BreakerState>();
        const observer = {
          called() {},
          breakerIs: (name: ComponentName, state: BreakerState) => void states.set(name, state),
        };
        const deps = { clock: systemClock, random: systemRandom, logger: new RecordingLogger(), observer };
        await using connections = await openConnections(moved, deps);
        const ask = () => ASK[component](connections);
        await ask();

        proxy.break();
        // The first ones wait for it as long as its client does.
        await Promise.allSettled(Array.from({ length: 5 }, ask));
        await expect
          .poll(
            () =>
              ask().then(
                () => states.get(component),
                () => states.get(component),
              ),
            { timeout: 30_000 },
          )
          .toBe("open");
        await expect(ask()).rejects.toMatchObject({ code: CODES[component], retry: "backoff" });
        for (const other of (["store", "database", "queue"] as const).filter((name) => name !== component)) {
          await ASK[other](connections);
          expect(states.get(other)).toBe("closed");
        }

        proxy.mend();
        await expect
          .poll(
            () =>
              ask().then(
                () => "well",
                () => "away",
              ),
            { timeout: 30_000, interval: 100 },
          )
          .toBe("well");
        expect(states.get(component)).toBe("closed");
      },
    );

    test("a server whose store is away says so at once, and that it is not ready, and serves what needs none", async () => {
      await using installation = await realInstallation();
      const url = new URL(installation.settings.s3Url!);
      await using proxy = await BreakableProxy.to({ host: url.hostname, port: Number(url.port) });
      const settings = settingsSchema.parse({
        ...installation.settings,
        s3Url: `http://127.0.0.1:${proxy.port}`,
      });
      await using server = await startServer({ settings, [Symbol.asyncDispose]: async () => {} });
      const client = server.client();
      const { items } = await client.uploads.createUploads({ items: [testFile().announcement] });
      const { mediaId } = items[0]!;
      const complete = async () => {
        const { outcome } = (await client.uploads.completeUploads({ items: [{ mediaId }] })).items[0]!;
        return outcome.case === "error" ? outcome.value : null;
      };
      proxy.break();
      const changes = async () => {
        await complete();
        return server.logger.of("breaker.changed").length;
      };
      await expect.poll(changes).toBeGreaterThan(0);
      expect(server.logger.of("breaker.changed")[0]?.fields).toEqual({ component: "store", state: "open" });
      const refused = await complete();
      expect(refused).toMatchObject({
        code: "store.unreachable",
        message: expect.stringContaining("tried again"),
      });
      const ready = await fetch(`${server.url}/readyz`);
      expect(ready.status).toBe(503);
      const { components } = (await ready.json()) as { components: { name: string; serving: boolean }[] };
      expect(components.filter(({ serving }) => !serving).map(({ name }) => name)).toEqual(["store"]);
      expect((await client.media.listMedia({})).items).toHaveLength(1);
      proxy.mend();
      await expect
        .poll(async () => (await fetch(`${server.url}/readyz`)).status, { timeout: 20_000 })
        .toBe(200);
      // The breaker lets calls through again; now it is the upload that is missing.
      expect((await complete())?.code).toBe("upload.gone");
    });
  },
);
