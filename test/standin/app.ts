import { EventEmitter } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BrowserWindow, closeBrowser, onAllWindowsClosed, openBrowser } from "./browser-window.ts";
import { endUtilities } from "./utility-process.ts";

const ready = Promise.withResolvers<void>();
const paths = new Map<string, string>();
let quitting = false;

class App extends EventEmitter {
  readonly name = "Platemark";
  readonly isPackaged = false;
  whenReady = () => ready.promise;
  setPath = (name: string, path: string) => {
    if (!existsSync(path)) throw new Error("Failed to set path");
    paths.set(name, path);
  };
  getPath = (name: string) => paths.get(name);

  /** One program for each `userData`; a second one wakes the first. */
  requestSingleInstanceLock(): boolean {
    const folder = paths.get("userData")!;
    const lock = join(folder, "standin.lock");
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
    } catch {
      const owner = Number(readFileSync(lock, "utf8"));
      try {
        process.kill(owner, "SIGUSR2");
        return false;
      } catch {
        writeFileSync(lock, String(process.pid)); // Its owner died.
      }
    }
    process.on("exit", () => rmSync(lock, { force: true }));
    return true;
  }

  quit(): void {
    quitting = true;
    if (this.#prevented("before-quit")) return;
    for (const window of BrowserWindow.getAllWindows()) window.close();
    // Windows close later; without one, the end comes at once.
    if (BrowserWindow.getAllWindows().length === 0) this.finish();
  }

  finish(): void {
    if (this.#prevented("will-quit")) return;
    this.emit("quit");
    this.exit(0);
  }

  exit(code: number): void {
    endUtilities();
    void closeBrowser().finally(() => process.exit(code));
  }

  #prevented(event: string): boolean {
    let prevented = false;
    this.emit(event, { preventDefault: () => (prevented = true) });
    return prevented;
  }
}

export const app = new App();

onAllWindowsClosed(() => {
  if (quitting) app.finish();
  else app.emit("window-all-closed");
});
process.on("SIGUSR2", () => app.emit("second-instance"));
process.on("SIGTERM", () => app.quit());
process.on("disconnect", () => app.exit(1));

/** Starts Chromium and lets the program run. */
export async function becomeReady(): Promise<void> {
  await openBrowser((contents) => app.emit("web-contents-created", {}, contents));
  await import("./control.ts");
  ready.resolve();
}
