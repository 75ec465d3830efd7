import { type Browser, chromium } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeReal, real } from "../support/real-components.ts";
import { GPU_ARGUMENTS } from "../support/window-browser.ts";

const ORIGIN = "http://localhost:1";

describeReal("a page with a GPU", ["chromium"], () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: real("chromium")!, args: GPU_ARGUMENTS });
  });
  afterAll(() => browser.close());

  test("lays marks over a picture with the CPU's bytes, and mixes them within one step of 255", async () => {
    const page = await browser.newPage();
    await page.route(`${ORIGIN}/**`, (route) =>
      route.fulfill({ contentType: "text/html", body: "<!doctype html>" }),
    );
    await page.goto(`${ORIGIN}/`);
    await page.addScriptTag({ content: await bundle("test/fixtures/marks/blend-in-page.ts") });
    const { plain, others } = (await page.evaluate("compared")) as { plain: number; others: number };
    expect(plain).toBe(0);
    expect(others).toBeLessThanOrEqual(1);
  });
});

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
