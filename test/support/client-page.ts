import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { real } from "./real-components.ts";
import { CHROMIUM_ARGUMENTS } from "./window-browser.ts";

export interface ClientPages extends AsyncDisposable {
  /** One page's, by the host name alone. */
  readonly allowedOrigin: string;
  readonly refusedOrigin: string;
  open(origin: string): Promise<Page>;
}

/** A page of somebody else's origin with one program in it, and a real Chromium to run it. What the program exports is
 *  the page's global `program`. */
export async function openClientPages(entry: string): Promise<ClientPages> {
  const script = await bundle(entry);
  const server = createServer(({ url }, response) => {
    const isScript = url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : '<!doctype html><meta charset="utf-8"><script src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const browser: Browser = await chromium.launch({
    executablePath: real("chromium")!,
    args: CHROMIUM_ARGUMENTS,
  });
  return {
    allowedOrigin: `http://127.0.0.1:${port}`,
    refusedOrigin: `http://localhost:${port}`,
    async open(origin) {
      const page = await browser.newPage();
      page.setDefaultTimeout(10_000);
      await page.goto(origin);
      return page;
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bundle(entry: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "error",
    define: { "process.env.NODE_ENV": '"production"' },
    build: { write: false, minify: false, lib: { entry, formats: ["iife"], name: "program" } },
  });
  const [first] = [built].flat();
  if (!first || !("output" in first)) throw new Error("Nothing was built.");
  return first.output[0].code;
}
