import type { BrowserContext, Frame } from "playwright-core";
import type { WebContents } from "./browser-window.ts";
import { toAppUrl } from "./page-urls.ts";

type Handler = (event: unknown, ...args: unknown[]) => unknown;
const handlers = new Map<string, Handler>();

export const ipcMain = {
  handle(channel: string, handler: Handler): void {
    if (handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    handlers.set(channel, handler);
  },
};

/** Lets every frame of every page invoke, whoever it is: telling them apart is the program's work. */
export async function serveInvoke(
  context: BrowserContext,
  contentsOf: (frame: Frame) => WebContents | undefined,
): Promise<void> {
  await context.exposeBinding("__standinInvoke", async ({ frame }, channel: string, args: unknown[]) => {
    const handler = handlers.get(channel);
    if (!handler) throw new Error(`No handler registered for '${channel}'`);
    const sender = contentsOf(frame);
    if (!sender) throw new Error("The window has gone.");
    const isMain = frame === frame.page().mainFrame();
    const url = toAppUrl(frame.url());
    // An empty frame inside a page has the page's origin.
    const origin = url === "about:blank" ? sender.mainFrame.origin : originOf(url);
    const senderFrame = isMain ? sender.mainFrame : { url, origin, parent: sender.mainFrame };
    return handler({ sender, senderFrame }, ...args);
  });
}

export function originOf(url: string): string {
  const { protocol, host } = new URL(url);
  return host ? `${protocol}//${host}` : "null";
}
