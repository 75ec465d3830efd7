import { app } from "./app.ts";
import { BrowserWindow, openPages, type WebContents } from "./browser-window.ts";
import { machine, permissions, powerMonitor } from "./system.ts";
import { utilityPids } from "./utility-process.ts";

/** What a test may ask of the running program, over the channel of the process that it forked. */
const commands = {
  /** Runs an expression in the first window's page, or in its first frame. */
  evaluate: (expression: string, where: "page" | "frame" = "page") => {
    const page = firstWindow().webContents.page!;
    const frame = where === "page" ? page.mainFrame() : page.mainFrame().childFrames()[0]!;
    return frame.evaluate(expression);
  },
  /** Waits until an expression is true in the page. */
  waitFor: async (expression: string) => {
    const page = firstWindow().webContents.page!;
    // Not `waitForFunction`: it evaluates text in the page itself, which the page's policy forbids.
    while (!(await page.evaluate(expression))) await page.waitForTimeout(25);
  },
  screenshot: async (path: string) => {
    await firstWindow().webContents.page!.screenshot({ path });
  },
  setBounds: (bounds: { x: number; y: number; width: number; height: number }) =>
    firstWindow().setBounds(bounds),
  reload: async () => {
    await firstWindow().webContents.page!.reload();
  },
  /** Puts an empty page, which is not the program's, into the window. */
  blank: async () => {
    await firstWindow().webContents.page!.goto("about:blank");
  },
  closeWindow: () => firstWindow().close(),
  quit: () => app.quit(),
  power: (event: "suspend" | "resume") => void powerMonitor.emit(event),
  set: (changes: Partial<typeof machine>) => void Object.assign(machine, changes),
  permission: (name: string) =>
    new Promise((resolve) => permissions.handler?.(firstWindow().webContents, name, resolve)),
  inspect: () => ({
    ...machine,
    pids: utilityPids(),
    pages: openPages(),
    windows: BrowserWindow.getAllWindows().map(({ options, seen }) => ({ options, ...seen })),
  }),
};
export type Commands = typeof commands;

function firstWindow(): BrowserWindow {
  const [window] = BrowserWindow.getAllWindows();
  if (!window) throw new Error("There is no window.");
  return window;
}

process.on("message", async ({ id, name, args }: { id: number; name: keyof Commands; args: unknown[] }) => {
  const command = commands[name] as (...args: unknown[]) => unknown;
  try {
    process.send?.({ id, ok: await command(...args) });
  } catch (error) {
    process.send?.({ id, error: String(error) });
  }
});
app.once("web-contents-created", async (_event, contents: WebContents) => {
  await contents.opened.promise;
  process.send?.({ id: 0 });
});
