import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { buildPage } from "../../scripts/window-build.ts";
import { real } from "./real-components.ts";

/** Of a Chromium without a screen that asks nothing of the network. */
export const CHROMIUM_ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The same with a GPU for pages, of the CPU's making. It computes; a canvas that shows it loses the device. */
export const GPU_ARGUMENTS = [
  ...CHROMIUM_ARGUMENTS.filter((argument) => argument !== "--disable-gpu"),
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
];

export interface OpenedPage {
  readonly page: Page;
  /** Errors and warnings of the console, and uncaught exceptions. */
  readonly complaints: string[];
}

export interface WindowBrowser extends AsyncDisposable {
  /** The built page's folder. */
  readonly staticDir: string;
  /** A fresh profile's page at a link. */
  open(link: string, options?: Parameters<Browser["newContext"]>[0]): Promise<OpenedPage>;
}

/** The window, built from source, and a real Chromium to look at it. @param options.gpu @default false */
export async function openWindowBrowser({ gpu = false } = {}): Promise<WindowBrowser> {
  const folder = await mkdtemp(join(tmpdir(), "platemark-window-"));
  const staticDir = join(folder, "renderer");
  await buildPage(staticDir);
  const args = gpu ? GPU_ARGUMENTS : CHROMIUM_ARGUMENTS;
  const browser = await chromium.launch({ executablePath: real("chromium")!, args });
  const contexts: BrowserContext[] = [];
  return {
    staticDir,
    async open(link, options = {}) {
      const context = await browser.newContext({
        viewport: { width: 1440, height: 900 },
        locale: "en",
        ...options,
      });
      contexts.push(context);
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      const complaints: string[] = [];
      page.on("console", (message) => {
        const isBad = message.type() === "error" || message.type() === "warning";
        // What Chromium says where a page asks for a GPU and there is none.
        if (isBad && message.text() !== "No available adapters.") complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(String(error)));
      await page.goto(link);
      return { page, complaints };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(contexts.map((context) => context.close()));
      await browser.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
