import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { _electron, type ElectronApplication, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WindowBridge } from "#contracts/ipc.ts";
import { buildDesktop } from "../standin/build.ts";

declare global {
  interface Window {
    readonly platemark?: WindowBridge;
  }
}

const PROGRAMS: Partial<Record<NodeJS.Platform, string>> = {
  darwin: "Electron.app/Contents/MacOS/Electron",
  win32: "electron.exe",
};
/** Looked for, never asked of the package: requiring `electron` would try to download it. */
const binary = fileURLToPath(
  new URL(`../../node_modules/electron/dist/${PROGRAMS[process.platform] ?? "electron"}`, import.meta.url),
);
const there = existsSync(binary);

if (!there && process.env.REQUIRE_ELECTRON === "1")
  test("Electron's binary is there, as REQUIRE_ELECTRON=1 asks", () => {
    expect.fail(`There is no ${binary}. Run \`npx install-electron\` first.`);
  });

const title = "the desktop program, on the real Electron";
const suite = there ? describe : describe.skip;
suite(there ? title : `${title} (skipped: its binary is not in node_modules/electron/dist)`, () => {
  let home: string;
  let app: ElectronApplication;
  let page: Page;

  beforeAll(async () => {
    const out = await buildDesktop();
    home = await mkdtemp(join(tmpdir(), "platemark-electron-"));
    app = await _electron.launch({
      executablePath: binary,
      // The system's sandbox needs a setuid helper or user namespaces, which build machines lack.
      args: [...(process.platform === "linux" ? ["--no-sandbox"] : []), join(out, "main/index.js")],
      env: { ...process.env, PLATEMARK_HOME: home } as Record<string, string>,
    });
    page = await app.firstWindow();
    await page.waitForFunction(() => document.querySelector("#window")?.childElementCount);
  });
  afterAll(async () => {
    await app?.close();
    if (home) await rm(home, { recursive: true, force: true });
  });

  test("shows its page over the custom protocol, in a world of its own", async () => {
    expect(page.url()).toBe("platemark://app/index.html");
    expect(await page.evaluate(() => Object.keys(window.platemark!).sort())).toEqual([
      "call",
      "on",
      "pathForFile",
    ]);
    expect(await page.evaluate(() => [typeof Reflect.get(globalThis, "require"), isSecureContext])).toEqual([
      "undefined",
      true,
    ]);
  });

  test("answers calls from its page", async () => {
    const answer = await page.evaluate(() => window.platemark!.call("app.info", {}));
    expect(answer).toMatchObject({ ok: { shell: "desktop", home } });
  });

  test("refuses frames inside its page and foreign navigation", async () => {
    expect(
      await page.evaluate(() => {
        document.body.append(document.createElement("iframe"));
        return typeof Reflect.get(document.querySelector("iframe")!.contentWindow!, "platemark");
      }),
    ).toBe("undefined");
    await page.evaluate(() => {
      location.href = "https://www.apache.org/";
      window.open("https://example.com/");
    });
    expect(await page.evaluate(() => location.href)).toBe("platemark://app/index.html");
    expect(app.windows()).toHaveLength(1);
  });

  test("marks the sample pictures, and shows them", async () => {
    await page.evaluate(() => window.platemark!.call("import.samples", {}));
    const state = () =>
      page.evaluate(async () => {
        const answer = await window.platemark!.call("jobs.list", {});
        return "ok" in answer ? (answer.ok as { jobs: { state: string }[] }).jobs[0]?.state : null;
      });
    await expect.poll(state, { timeout: 60_000 }).toBe("done");
  }, 90_000);
});
