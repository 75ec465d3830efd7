import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadOverlayRenderer } from "../../server/adapters/imaging/load-overlay-renderer.ts";
import { fontsFolder, resvgWasm } from "../../server/adapters/imaging/locations.ts";
import { DIGESTS as expected } from "../fixtures/marks/overlay-digests.ts";
import { overlayDigest, SAMPLE_MARKS, SAMPLE_SIZE } from "../fixtures/marks/sample-marks.ts";
import { describeReal, real } from "../support/real-components.ts";
import { CHROMIUM_ARGUMENTS } from "../support/window-browser.ts";

const ORIGIN = "http://localhost:1";

test("Node draws the sample marks as they were always drawn", async () => {
  const renderer = await loadOverlayRenderer();
  const digests: Record<string, string> = {};
  for (const [name, mark] of Object.entries(SAMPLE_MARKS))
    digests[name] = await overlayDigest(renderer.render(mark, SAMPLE_SIZE));
  expect(digests).toEqual(expected);
});

describeReal("a page", ["chromium"], () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: real("chromium")!, args: CHROMIUM_ARGUMENTS });
  });
  afterAll(() => browser.close());

  test("draws the sample marks with the same pixels as Node", async () => {
    const script = await bundle("test/fixtures/marks/draw-in-page.ts");
    const page = await browser.newPage();
    await page.route(`${ORIGIN}/**`, async (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === "/") return await route.fulfill({ contentType: "text/html", body: "<!doctype html>" });
      const file = pathname === "/resvg.wasm" ? resvgWasm() : join(fontsFolder(), pathname.slice(7));
      const contentType = pathname.endsWith(".wasm") ? "application/wasm" : "font/ttf";
      return await route.fulfill({ contentType, body: await readFile(file) });
    });
    await page.goto(`${ORIGIN}/`);
    await page.addScriptTag({ content: script });
    expect(await page.evaluate("drawn")).toEqual(expected);
  });
});

/** A module and what it imports, as one script. */
async function bundle(entry: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "warn",
    build: { write: false, minify: false, lib: { entry, formats: ["iife"], name: "page" } },
  });
  const [output] = [built].flat();
  if (!output || !("output" in output)) throw new Error("Nothing was built.");
  return output.output[0].code;
}
