/**
 * How soon the preview of a template answers in Chromium: `PLATEMARK_TEST_CHROMIUM=/usr/bin/chromium node test/bench/preview.ts`. A picture of 24
 * megapixels, one corner mark and one tiled one, fitting and at 100 %; from the change of the text to the drawn frame.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { silentLogger } from "#kernel/logger.ts";
import { runDaemon } from "../../studio/daemon/main.ts";
import { createForkChild } from "../../studio/fork-child.ts";
import { readSettings } from "../../studio/read-settings.ts";
import { openWindowBrowser } from "../support/window-browser.ts";

const CHANGES = 40;
const SIZE = { width: 6_000, height: 4_000 };
const MARKS = {
  corner:
    'template "a" { text "© Studio North 2026" { size = 5%  opacity = 0.50  anchor = bottom_right  margin = 3.00% } }',
  tiled:
    'template "a" { text "© Studio North" { size = 4%  opacity = 0.50  margin = 3.00%  anchor = center  pattern = tile(angle=-30, gap=8%) } }',
};

const home = await mkdtemp(join(tmpdir(), "platemark-bench-"));
const folder = join(home, "pictures");
await mkdir(folder);
const noise = { type: "gaussian", mean: 128, sigma: 40 } as const;
await sharp({ create: { ...SIZE, channels: 3, background: "#808080", noise } })
  .jpeg({ quality: 90 })
  .toFile(join(folder, "a.jpg"));
await mkdir(join(home, "platemark", "templates"), { recursive: true });
for (const [name, text] of Object.entries(MARKS))
  await writeFile(join(home, "platemark", "templates", `${name}.platemark`), `${text}\n`);

await using browser = await openWindowBrowser();
const stop = new AbortController();
let ended: Promise<void> = Promise.resolve();
const link = await new Promise<string>((resolve, reject) => {
  ended = runDaemon({
    settings: readSettings({ flags: { home: join(home, "platemark") }, environment: {} }),
    logger: silentLogger,
    spawnChild: createForkChild(home),
    signal: stop.signal,
    staticDir: browser.staticDir,
    openBrowser: false,
    onStarted: (started) => resolve(started.link),
  });
  ended.catch(reject);
});
const { page } = await browser.open(link);
await page.evaluate(async (path) => {
  const headers = { "content-type": "application/json" };
  await fetch("ipc/import.start", { method: "POST", headers, body: JSON.stringify({ path }) });
}, folder);
await page.getByRole("region", { name: "Status" }).getByText("1 picture marked").waitFor({ timeout: 60_000 });
const openedAt = performance.now();
await page.getByRole("button", { name: "Marks" }).click();
await page.waitForFunction(() => performance.getEntriesByName("marks.drawn").length > 0, null, {
  timeout: 60_000,
});
console.log(
  `${cpus().length} × ${cpus()[0]?.model}, Chromium without a GPU, ${SIZE.width} × ${SIZE.height} JPEG`,
);
console.log(
  `first mark on the screen ${Math.round(performance.now() - openedAt)} ms after the screen was asked for`,
);
for (const mark of Object.keys(MARKS))
  for (const zoom of ["Fit", "100 %"]) {
    await page.getByRole("combobox", { name: "Templates" }).selectOption(mark);
    await page.getByRole("radio", { name: zoom }).check({ force: true });
    await page.waitForTimeout(2_000);
    for (const control of ["opacity", "margin"]) {
      const times = await changes(page, control);
      const at = (part: number) => times[Math.floor((times.length - 1) * part)]!.toFixed(1);
      console.log(
        `${mark}, ${zoom}, ${control}: median ${at(0.5)} ms, 90 % ${at(0.9)} ms, most ${at(1)} ms (${times.length})`,
      );
    }
  }
stop.abort();
await ended;
await rm(home, { recursive: true, force: true });

/** Milliseconds from a slider's event to the drawn frame, sorted. */
async function changes(page: Page, control: string): Promise<readonly number[]> {
  const slider = page.locator(`#marks-${control}`);
  await slider.focus();
  const times = await slider.evaluate(async (element: HTMLInputElement, count) => {
    const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")!.set!;
    const drawn = () => performance.getEntriesByName("marks.drawn").at(-1)!.startTime;
    const found: number[] = [];
    for (let i = 0; i < count; i++) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      const started = performance.now();
      set.call(element, String(Number(element.min) + 4 + (i % 15)));
      element.dispatchEvent(new Event("input", { bubbles: true }));
      while (drawn() < started) await new Promise((resolve) => requestAnimationFrame(resolve));
      found.push(drawn() - started);
    }
    return found;
  }, CHANGES);
  return times.sort((a, b) => a - b);
}
