import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Response as CoreResponse } from "#contracts/ipc.ts";
import { blendTiles } from "#imaging/blend.ts";
import { SHIPPED_FONTS } from "#imaging/overlay/shipped-fonts.ts";
import { silentLogger } from "#kernel/logger.ts";
import { noAssets } from "#template/assets.ts";
import { compileTemplate } from "#template/compile.ts";
import { fontFamilies } from "#template/font-families.ts";
import { resolveMark } from "#template/resolve.ts";
import { templateVersion } from "#template/template-version.ts";
import { inkTiles } from "../../server/adapters/imaging/mark-picture.ts";
import { runDaemon } from "../../studio/daemon/main.ts";
import { createForkChild } from "../../studio/fork-child.ts";
import { readSettings } from "../../studio/read-settings.ts";
import { loadMarkTools } from "../support/mark-tools.ts";
import { describeReal } from "../support/real-components.ts";
import { openWindowBrowser, type WindowBrowser } from "../support/window-browser.ts";

const SIZE = { width: 1600, height: 1200 };
const PATIENT = { timeout: 30_000 };

/** The second has a GPU that is lost when it is to show something. */
describe.each([
  { what: "no GPU", gpu: false },
  { what: "a GPU that fails", gpu: true },
])("marks in the window, with $what", ({ gpu }) => {
  describeReal("", ["chromium"], () => {
    let home: string;
    let browser: WindowBrowser;
    let link: string;
    let ended: Promise<void>;
    const stop = new AbortController();

    beforeAll(async () => {
      home = await mkdtemp(join(tmpdir(), "platemark-home-"));
      vi.stubEnv("HOME", home);
      await mkdir(join(home, "Chairs"));
      await writeFile(join(home, "Chairs", "a.png"), await drawnPicture());
      browser = await openWindowBrowser({ gpu });
      const settings = readSettings({ flags: { home: join(home, "platemark") }, environment: {} });
      await mkdir(settings.home);
      link = await new Promise<string>((resolve, reject) => {
        ended = runDaemon({
          settings,
          logger: silentLogger,
          spawnChild: createForkChild(settings.home),
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
      vi.unstubAllEnvs();
      await rm(home, { recursive: true, force: true });
    });

    test("a mistake is found and mended, the preview is the final, and imports pin what was saved", async () => {
      const { page, complaints } = await browser.open(link);
      await importChairs(page);
      await page.getByRole("button", { name: "Marks" }).click();
      await page.getByRole("button", { name: "New template" }).click();

      const code = page.getByRole("textbox", { name: "Text of the template" });
      await code.click();
      for (const key of ["Control+Home", "ArrowDown", "ArrowDown", "End"]) await page.keyboard.press(key);
      for (let time = 0; time < 5; time += 1) await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("Backspace");
      await page.getByText("1 mistake").waitFor();
      const wrong = page.locator(".cm-line", { hasText: "anchor = bottomright" });
      await expect
        .poll(() => wrong.evaluate((line) => line.nextElementSibling?.textContent))
        .toMatch(/Unknown anchor `bottomright`/);
      await page.getByRole("button", { name: "Use bottom_right" }).click();
      await page.getByText("No mistakes").waitFor();

      const frame = page.locator(".marks-frame");
      await expect.poll(() => frame.getAttribute("data-compositor"), PATIENT).toBe("cpu");
      // At 100 % it goes to where the mark is drawn, once it is drawn.
      await expect
        .poll(async () => {
          await page.getByRole("radio", { name: "Fit" }).check({ force: true });
          await page.getByRole("radio", { name: "100 %" }).check({ force: true });
          const { scale, left, width } = await shown(page);
          return scale * (left + width);
        }, PATIENT)
        .toBe(SIZE.width);
      const text = await codeOf(page);
      const region = await shown(page);
      await expect
        .poll(async () => largestDifference(await seen(page), await final(home, text, region)), PATIENT)
        .toBeLessThanOrEqual(1);
      // The mark is in sight: without it the picture is another.
      expect(
        largestDifference(await final(home, text, region), await original(home, region)),
      ).toBeGreaterThan(30);

      await code.click();
      await page.keyboard.press("Control+s");
      await page.getByText("Saved", { exact: true }).waitFor();
      await page.getByRole("button", { name: "Import", exact: true }).click();
      await page.getByRole("combobox", { name: "Mark with" }).selectOption("new-mark");
      await importChairs(page);
      const { operator } = await compiled(text);
      const pinned = { template: "new-mark", version: templateVersion(operator!) };
      await expect
        .poll(async () => (await jobs(page))[0], PATIENT)
        .toMatchObject({ mark: pinned, state: "done", counts: { marked: 1 } });
      // Of the GPU that fails, Chromium itself complains.
      expect(gpu ? [] : complaints).toEqual([]);
    }, 120_000);

    test("the page itself may compile no WebAssembly", async () => {
      const { page } = await browser.open(link.replace(/open.*/, ""));
      const compiles = await page.evaluate(() =>
        WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)).then(
          () => true,
          () => false,
        ),
      );
      expect(compiles).toBe(false);
    });
  });
});

async function importChairs(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Choose folder…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Chairs" }).click();
  await page.getByText("1 picture directly in this folder.").waitFor();
  await page.getByRole("button", { name: "Import this folder" }).click();
  await page.getByRole("grid", { name: "Pictures" }).getByText("Marked").waitFor(PATIENT);
  await page.getByRole("region", { name: "Status" }).getByText("1 picture marked").waitFor(PATIENT);
}

function jobs(page: Page): Promise<CoreResponse<"jobs.list">["jobs"]> {
  return page.evaluate(async () => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch("ipc/jobs.list", { method: "POST", headers, body: "{}" });
    return (await answer.json()).ok.jobs;
  });
}

interface Shown {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

async function shown(page: Page): Promise<Shown> {
  return JSON.parse((await page.locator(".marks-frame").getAttribute("data-shown"))!);
}

function codeOf(page: Page): Promise<string> {
  return page
    .locator(".cm-content")
    .evaluate((content) =>
      [...content.querySelectorAll(".cm-line")].map((line) => line.textContent).join("\n"),
    );
}

/** Pixels of the preview, as they are on the screen. */
async function seen(page: Page): Promise<Uint8Array> {
  const picture = await page.locator(".marks-frame canvas").screenshot({ caret: "initial" });
  return await sharp(picture).removeAlpha().raw().toBuffer();
}

async function original(home: string, { left, top, width, height }: Shown): Promise<Uint8Array> {
  const file = sharp(join(home, "Chairs", "a.png"));
  return await file.extract({ left, top, width, height }).removeAlpha().raw().toBuffer();
}

/** The same part of what a worker makes of the picture. */
async function final(home: string, text: string, { left, top, width, height }: Shown): Promise<Uint8Array> {
  const { operator } = await compiled(text);
  const { mark } = resolveMark(operator!, { ...SIZE, variables: {} });
  const facts = { ...SIZE, orientation: 1, space: "rgb", icc: null } as const;
  const samples = await sharp(await readFile(join(home, "Chairs", "a.png")))
    .removeAlpha()
    .raw()
    .toBuffer();
  blendTiles(
    { ...SIZE, channels: 3, hasAlpha: false, samples },
    await inkTiles(mark, facts, await loadMarkTools()),
  );
  return await sharp(samples, { raw: { ...SIZE, channels: 3 } })
    .extract({ left, top, width, height })
    .raw()
    .toBuffer();
}

function compiled(text: string) {
  const fonts = fontFamilies(SHIPPED_FONTS);
  return compileTemplate(text, { fonts, assets: noAssets }, { signal: new AbortController().signal });
}

function largestDifference(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return 255;
  return a.reduce((largest, value, at) => Math.max(largest, Math.abs(value - b[at]!)), 0);
}

/** All levels of all channels, with fine detail, and no profile. */
function drawnPicture(): Promise<Uint8Array> {
  const samples = new Uint8Array(SIZE.width * SIZE.height * 3);
  for (let at = 0; at < samples.length; at++) samples[at] = (at * 7 + (at >> 9) * 13) % 251;
  return sharp(samples, { raw: { ...SIZE, channels: 3 } })
    .png()
    .toBuffer();
}
