import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isStale } from "../../scripts/window-build.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

let folder: string;
let child: ChildProcess | null = null;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "platemark-start-"));
});
afterEach(async () => {
  child?.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

describe("npm start without a display", () => {
  test("says why in one line, shows a link that works, and ends cleanly on Ctrl-C", async () => {
    const { DISPLAY: _x11, WAYLAND_DISPLAY: _wayland, ...env } = process.env;
    const started = spawn(process.execPath, ["scripts/start.ts", "--home", join(folder, "home")], {
      cwd: root,
      env: { ...env, NODE_ENV: "production" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    let errors = "";
    let output = "";
    started.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    await new Promise<void>((resolve, reject) => {
      started.stdout.on("data", (chunk) => {
        output += chunk;
        if (output.includes("Ctrl-C")) resolve();
      });
      started.once("exit", (code) => reject(new Error(`ended with ${code}: ${errors}`)));
    });
    expect(errors.split("\n")[0]).toBe("No display: the window opens in a browser instead.");
    const [link] = /http:\/\/127\.0\.0\.1:\d+\/open\/\S+/.exec(output)!;
    const opened = await fetch(link, { redirect: "manual" });
    expect(opened.status).toBe(303);
    const page = await fetch(new URL("/", link));
    expect(await page.text()).toContain("<title>Platemark</title>");

    started.removeAllListeners("exit");
    started.kill("SIGINT");
    const [code] = await once(started, "exit");
    expect(code).toBe(0);
    await expect(fetch(new URL("/", link))).rejects.toThrow();
  }, 60_000);
});

describe("the built page", () => {
  const build = async (atSeconds: number) => {
    await writeFile(join(folder, "out/renderer/index.html"), "");
    await utimes(join(folder, "out/renderer/index.html"), atSeconds, atSeconds);
  };

  test("is stale when it is missing or older than a source, tests aside", async () => {
    await mkdir(join(folder, "renderer/app"), { recursive: true });
    await mkdir(join(folder, "out/renderer"), { recursive: true });
    const source = join(folder, "renderer/app/main.tsx");
    await writeFile(source, "");
    await utimes(source, 1_000, 1_000);
    await writeFile(join(folder, "renderer/app/main.test.ts"), "");
    expect(await isStale(folder, "page")).toBe(true);
    await build(999);
    expect(await isStale(folder, "page")).toBe(true);
    await build(1_001);
    expect(await isStale(folder, "page")).toBe(false);
  });
});
