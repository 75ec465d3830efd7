import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createControlPlaneClient } from "#contracts/client.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { openConnections } from "../../server/connections.ts";
import type { StartedServer } from "../../server/create-server.ts";
import {
  embeddedInstallation,
  type Installation,
  send,
  type TestFile,
  testFile,
  USER,
} from "./server-harness.ts";

const TOKEN = "t".repeat(43);
const KILLS = 2;
const FILES = 40;

describe("a server that is killed while pictures come in", () => {
  let installation: Installation;
  let child: ChildProcess;
  let started: StartedServer;
  const start = async () => {
    const program = new URL("./server-program.ts", import.meta.url);
    child = fork(program, [installation.settings.home, USER, TOKEN], { stdio: "inherit" });
    [started] = (await once(child, "message")) as [StartedServer];
  };
  const kill = async () => {
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  beforeAll(async () => {
    installation = await embeddedInstallation();
    await start();
  });
  afterAll(async () => {
    await kill();
    await installation[Symbol.asyncDispose]();
  });

  /** As a client that tries again until it is done, whatever it was told before. */
  const deliver = async (file: TestFile): Promise<string> => {
    for (;;) {
      try {
        const client = createControlPlaneClient({ baseUrl: started.url, token: async () => TOKEN });
        const { items } = await client.uploads.createUploads({ items: [file.announcement] });
        const { how, mediaId } = items[0]!;
        if (how.case === "already") return mediaId;
        if (how.case === "error") throw new Error(how.value.code);
        if (how.case === "put" && (await send(how.value, file.bytes)).status !== 200) continue;
        const completed = await client.uploads.completeUploads({ items: [{ mediaId }] });
        if (completed.items[0]!.outcome.case === "media") return mediaId;
      } catch {
        await pause(20);
      }
    }
  };

  test("has each of them once, with one job each", async () => {
    const files = Array.from({ length: FILES }, () => testFile(3_000));
    const ids = new Map<TestFile, string>();
    const waiting = [...files];
    const lane = async () => {
      for (let file = waiting.shift(); file; file = waiting.shift()) ids.set(file, await deliver(file));
    };
    const lanes = Promise.all(Array.from({ length: 4 }, lane));
    for (let kills = 1; kills <= KILLS; kills++) {
      const enough = Math.floor((FILES * kills) / (KILLS + 1));
      while (ids.size < enough) await pause(5);
      await kill();
      await start();
    }
    await lanes;
    expect(new Set(ids.values()).size).toBe(FILES);

    const deps = { clock: systemClock, random: systemRandom, logger: silentLogger };
    await using data = await openConnections(started.connections, deps);
    await expect.poll(async () => (await data.repository.outbox(1)).length).toBe(0);
    const leases = await data.queue.take(2 * FILES, { visibilityMs: 60_000, waitMs: 0 });
    const jobs = leases.map(({ payload }) => (payload as { mediaId: string }).mediaId);
    expect(jobs.toSorted()).toEqual([...ids.values()].toSorted());
    for (const row of await data.repository.get([...ids.values()])) {
      expect(row.state).toBe("uploaded");
      expect(await data.store.head(row.objectKey)).toMatchObject({ size: 3_000, sha256: row.sha256 });
    }
  });
});
