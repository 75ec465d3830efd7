import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Frame,
  type Page,
  type Route,
} from "playwright-core";
import { originOf, serveInvoke } from "./ipc-main.ts";
import { isAppPage, toAppUrl, toPageUrl } from "./page-urls.ts";
import { preloadScript } from "./preload-page.ts";
import { protocolHandlers } from "./system.ts";

type OpenHandler = (details: { readonly url: string }) => { readonly action: "allow" | "deny" };

let browser: Browser | undefined;
let context: BrowserContext;
let created: (contents: WebContents) => void;
let allClosed: () => void = () => {};
const windows = new Set<BrowserWindow>();
const allowedPopups = new Set<string>();

export class WebContents extends EventEmitter {
  readonly mainFrame = new MainFrame(this);
  /** Settled when the first page has loaded. */
  readonly opened = Promise.withResolvers<void>();
  page: Page | undefined;
  openHandler: OpenHandler = () => ({ action: "allow" });
  setWindowOpenHandler = (handler: OpenHandler) => {
    this.openHandler = handler;
  };
  isDestroyed = () => this.page === undefined || this.page.isClosed();
  isCrashed = () => false;

  send(channel: string, ...args: unknown[]): void {
    // A page that is just going away loses its messages, as it does in Electron.
    this.page
      ?.evaluate(([channel, args]) => Reflect.get(globalThis, "__standinDeliver")?.(channel, args), [
        channel,
        args,
      ] as const)
      .catch(() => {});
  }
}

class MainFrame {
  readonly parent = null;
  readonly #contents: WebContents;
  constructor(contents: WebContents) {
    this.#contents = contents;
  }
  get url(): string {
    return toAppUrl(this.#contents.page?.url() ?? "about:blank");
  }
  get origin(): string {
    return originOf(this.url);
  }
}

export interface WindowOptions {
  readonly width: number;
  readonly height: number;
  readonly x?: number;
  readonly y?: number;
  readonly webPreferences: { readonly preload: string; readonly [name: string]: unknown };
}

export class BrowserWindow extends EventEmitter {
  static getAllWindows = () => [...windows];
  static fromWebContents = (contents: WebContents) =>
    [...windows].find((window) => window.webContents === contents) ?? null;

  readonly webContents = new WebContents();
  readonly options: WindowOptions;
  /** `complaints`: errors in the page's console, policy violations among them. */
  readonly seen = { shown: false, focused: 0, complaints: [] as string[] };
  #bounds: { x: number; y: number; width: number; height: number };

  constructor(options: WindowOptions) {
    super();
    this.options = options;
    const { x = 100, y = 80, width, height } = options;
    this.#bounds = { x, y, width, height };
    windows.add(this);
    created(this.webContents);
  }

  async loadURL(url: string): Promise<void> {
    const { width, height } = this.#bounds;
    const page = await context.newPage();
    const contents = this.webContents;
    contents.page = page;
    page.on("pageerror", (error) => this.seen.complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.seen.complaints.push(message.text());
    });
    page.on("close", () => this.#closed());
    page.on("domcontentloaded", () => contents.emit("did-navigate", {}, toAppUrl(page.url())));
    page.on("load", () => contents.emit("did-finish-load"));
    await page.setViewportSize({ width, height });
    await page.addInitScript(preloadScript(readFileSync(this.options.webPreferences.preload, "utf8")));
    await page.goto(toPageUrl(url));
    this.emit("ready-to-show");
    contents.opened.resolve();
  }

  show = () => {
    this.seen.shown = true;
  };
  focus = () => {
    this.seen.focused += 1;
  };
  maximize() {}
  restore() {}
  isMinimized = () => false;
  isMaximized = () => false;
  getNormalBounds = () => this.#bounds;
  setBounds = (bounds: { x: number; y: number; width: number; height: number }) => {
    this.#bounds = bounds;
  };

  close(): void {
    this.emit("close", { preventDefault() {} });
    if (this.webContents.page) void this.webContents.page.close();
    else this.#closed();
  }

  #closed(): void {
    if (!windows.delete(this)) return;
    this.webContents.emit("destroyed");
    this.emit("closed");
    if (windows.size === 0) allClosed();
  }
}

export function onAllWindowsClosed(listener: () => void): void {
  allClosed = listener;
}

export async function openBrowser(onContents: (contents: WebContents) => void): Promise<void> {
  created = onContents;
  browser = await chromium.launch({
    executablePath: process.env.PLATEMARK_TEST_CHROMIUM!,
    args: [
      ..."--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking".split(
        " ",
      ),
      ..."--disable-component-update --disable-sync".split(" "),
    ],
  });
  context = await browser.newContext();
  await serveInvoke(context, contentsOf);
  await context.route("**/*", (route) => answer(route).catch(() => {}));
  context.on("page", (page) => {
    void closeUnlessAllowed(page);
  });
}

/** A window that a page opened stays only where the program allowed it; its own are made by `loadURL`. */
async function closeUnlessAllowed(page: Page): Promise<void> {
  if (!(await page.opener())) return;
  // A refused one never gets anywhere.
  await page.waitForURL((url) => url.protocol === "https:", { timeout: 500 }).catch(() => {});
  if (!allowedPopups.has(page.url())) await page.close();
}

/** Pages that Chromium has open, whoever opened them. */
export function openPages(): number {
  return context.pages().length;
}

export async function closeBrowser(): Promise<void> {
  await browser?.close();
}

function contentsOf(frame: Frame): WebContents | undefined {
  return [...windows].find((window) => window.webContents.page === frame.page())?.webContents;
}

/** Stands between the pages and the world: the custom protocol, navigation guards, and nothing else. */
async function answer(route: Route): Promise<void> {
  const request = route.request();
  const contents = ownerOf(route);
  const url = toAppUrl(request.url());
  if (!contents) {
    const opener = [...windows][0]?.webContents;
    if (opener?.openHandler({ url }).action !== "allow") return route.abort("blockedbyclient");
    allowedPopups.add(url);
    return route.fulfill({ body: "" });
  }
  const current = contents.page?.url() ?? "about:blank";
  if (request.isNavigationRequest() && current !== "about:blank") {
    let prevented = false;
    const isMain = request.frame() === contents.page?.mainFrame();
    const event = { url, isMainFrame: isMain, preventDefault: () => (prevented = true) };
    contents.emit("will-frame-navigate", event);
    if (isMain) contents.emit("will-navigate", event, url);
    if (prevented) return route.abort("aborted");
  }
  if (!isAppPage(request.url())) return route.abort("blockedbyclient");
  const handler = protocolHandlers.get(new URL(url).protocol.slice(0, -1));
  if (!handler) return route.abort("failed");
  const response = await handler(new Request(url, { method: request.method() }));
  await route.fulfill({
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: Buffer.from(await response.arrayBuffer()),
  });
}

/** `undefined`: the request is the first of a window that a page tries to open. */
function ownerOf(route: Route): WebContents | undefined {
  try {
    return contentsOf(route.request().frame());
  } catch {
    return undefined;
  }
}
