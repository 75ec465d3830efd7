import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "#kernel/clock.ts";
import { lockHome } from "./home-lock.ts";

let home: string;
const options = { clock: systemClock, signal: new AbortController().signal, wait: false };

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "platemark-lock-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe("the lock on a home folder", () => {
  test("is one process's at a time, and free when that is done", async () => {
    const lock = await lockHome(home, options);
    await expect(lockHome(home, options)).rejects.toMatchObject({
      code: "home.locked",
      message: expect.stringContaining(`process ${process.pid}`),
    });
    lock[Symbol.dispose]();
    (await lockHome(home, options))[Symbol.dispose]();
  });

  test("passes to who waits when its holder is killed with kill -9", async () => {
    const program = join(home, "holder.ts");
    const module = new URL("./home-lock.ts", import.meta.url).href;
    await writeFile(
      program,
      `import { lockHome } from ${JSON.stringify(module)};
       const clock = { now: () => Date.now(), sleep: async () => {} };
       await lockHome(${JSON.stringify(home)}, { clock, signal: new AbortController().signal, wait: false });
       process.send("locked");
       setInterval(() => {}, 1_000);`,
    );
    const holder = fork(program);
    await once(holder, "message");
    const waitedFor: (number | null)[] = [];
    const waiting = lockHome(home, { ...options, wait: true, onWait: (pid) => waitedFor.push(pid) });
    await expect.poll(() => waitedFor).toEqual([holder.pid]);
    holder.kill("SIGKILL");
    (await waiting)[Symbol.dispose]();
  });

  test("is not waited for any longer when the signal fires", async () => {
    using _lock = await lockHome(home, options);
    const stop = new AbortController();
    const waiting = lockHome(home, {
      ...options,
      wait: true,
      signal: stop.signal,
      onWait: () => queueMicrotask(() => stop.abort()),
    });
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
  });
});
