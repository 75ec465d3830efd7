import { createHash } from "node:crypto";
import { type Browser, chromium, type Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Preprocessor } from "#imaging/preprocessor.ts";
import { photo } from "../fixtures/pictures/pictures.ts";
import { type ModuleServer, serveModules } from "../support/module-server.ts";
import { describeReal, real } from "../support/real-components.ts";

const SIZE = { width: 331, height: 217 };

describeReal("the preprocessing kernel in a page's worker", ["chromium"], () => {
  let server: ModuleServer;
  let browser: Browser;
  let page: Page;
  let preprocessor: Preprocessor;
  beforeAll(async () => {
    server = await serveModules();
    browser = await chromium.launch({ executablePath: real("chromium")!, args: ["--no-sandbox"] });
    page = await browser.newPage();
    await page.goto(server.origin);
    preprocessor = await Preprocessor.load();
  });
  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
  });

  async function inPage(file: Uint8Array) {
    const answer = await page.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const worker = new Worker("/test/fixtures/page/preprocess-worker.ts", { type: "module" });
      const thumbnail = await new Promise<{
        width: number;
        height: number;
        samples: Uint8Array;
        fileHash: string;
      }>((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message || "The worker did not start."));
        worker.postMessage(new Blob([bytes]));
      });
      worker.terminate();
      return { ...thumbnail, samples: [...thumbnail.samples] };
    }, Buffer.from(file).toString("base64"));
    expect(answer.fileHash).toBe(createHash("sha256").update(file).digest("hex"));
    return answer;
  }

  async function inNode(file: Uint8Array) {
    const { data, info } = await sharp(file)
      .autoOrient()
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const pixels = { width: info.width, height: info.height, samples: new Uint8Array(data) };
    return preprocessor.thumbnail(pixels, { maxSide: 64 });
  }

  test("makes the same bytes of a PNG as in Node", async () => {
    const file = await photo(SIZE).png().toBuffer();
    const [page, node] = [await inPage(file), await inNode(file)];
    expect(page).toMatchObject({ width: 64, height: 42, samples: [...node.samples] });
  });

  test.each([
    ["a JPEG", () => photo(SIZE).jpeg({ quality: 90 }).toBuffer()],
    ["a JPEG on its side", () => photo(SIZE).withMetadata({ orientation: 6 }).jpeg().toBuffer()],
    ["a lossy WebP", () => photo(SIZE).webp({ quality: 90 }).toBuffer()],
    ["a lossless WebP", () => photo(SIZE).webp({ lossless: true }).toBuffer()],
  ] as const)("makes a thumbnail of %s, as close to Node's as the decoders are", async (_, make) => {
    const file = await make();
    const [page, node] = [await inPage(file), await inNode(file)];
    expect([page.width, page.height]).toEqual([node.width, node.height]);
    const mean =
      page.samples.reduce((sum, value, i) => sum + Math.abs(value - node.samples[i]!), 0) /
      page.samples.length;
    expect(mean).toBeLessThan(1);
  });
});
