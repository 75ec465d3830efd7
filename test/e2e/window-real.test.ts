import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentLogger } from "#kernel/logger.ts";
import { runDaemon } from "../../studio/daemon/main.ts";
import { createForkChild } from "../../studio/fork-child.ts";
import { readSettings } from "../../studio/read-settings.ts";
import { describeReal } from "../support/real-components.ts";
import { openWindowBrowser, type WindowBrowser } from "../support/window-browser.ts";

describeReal("the whole of Platemark in the browser", ["chromium"], () => {
  let home: string;
  let browser: WindowBrowser;
  let link: string;
  let ended: Promise<void>;
  const stop = new AbortController();

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "platemark-home-"));
    browser = await openWindowBrowser();
    const settings = readSettings({ flags: { home }, environment: {} });
    link = await new Promise<string>((resolve, reject) => {
      ended = runDaemon({
        settings,
        logger: silentLogger,
        spawnChild: createForkChild(join(home, "tmp")),
        signal: stop.signal,
        staticDir: browser.staticDir,
        openBrowser: false,
        onStarted: (started) => resolve(started.link),
      });
      ended.catch(reject);
    });
  });
  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    stop.abort();
    await ended;
    await rm(home, { recursive: true, force: true });
  });

  test("one click brings sample pictures from the first screen to marked ones beside their originals", async () => {
    const { page, complaints } = await browser.open(link);
    await page.getByRole("button", { name: "Try it with sample pictures" }).click();
    await page.getByRole("grid", { name: "Pictures" }).waitFor({ timeout: 60_000 });
    const status = page.getByRole("region", { name: "Status" });
    await status.getByText("24 pictures marked").waitFor({ timeout: 60_000 });
    expect(await page.getByRole("button", { name: /need/ }).count()).toBe(0);

    await page.getByRole("grid", { name: "Pictures" }).focus();
    await page.keyboard.press("Enter");
    const original = await sizeOf(page, "Original");
    expect(await sizeOf(page, "Marked")).toEqual(original);
    expect(original.width).toBeGreaterThan(320);
    expect(await differ(page)).toBe(true);
    expect(complaints).toEqual([]);
  }, 120_000);
});

async function sizeOf(page: Page, alt: string): Promise<{ width: number; height: number }> {
  const image = page.getByRole("img", { name: alt, exact: true });
  await image.waitFor({ timeout: 30_000 });
  return image.evaluate((element: HTMLImageElement) => ({
    width: element.naturalWidth,
    height: element.naturalHeight,
  }));
}

/** True when the two pictures shown have different pixels. */
function differ(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const pixels = [...document.querySelectorAll<HTMLImageElement>(".loupe img")].map((image) => {
      const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d")!;
      canvas.drawImage(image, 0, 0);
      return canvas.getImageData(0, 0, image.naturalWidth, image.naturalHeight).data;
    });
    const [original, marked] = pixels;
    return original!.some((value, at) => Math.abs(value - marked![at]!) > 24);
  });
}
