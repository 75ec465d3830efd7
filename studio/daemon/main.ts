import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Settings } from "#contracts/settings.ts";
import type { Logger } from "#kernel/logger.ts";
import { openStudio } from "../embedded.ts";
import type { SpawnChild } from "../ports/child-process.ts";
import { openInBrowser } from "./open-in-browser.ts";
import { serveWindow } from "./serve-window.ts";
import { openStaticFiles } from "./static-files.ts";

export interface RunDaemonOptions {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly spawnChild: SpawnChild;
  /** 0: any free one. @default 0 */
  readonly port?: number;
  /** The daemon runs until it fires. */
  readonly signal: AbortSignal;
  /** Told the link as soon as it works; told a new one whenever somebody presses Enter on the terminal. */
  readonly onStarted: (started: { readonly link: string }) => void;
  /** Opens the first link in the browser, where there is one. @default true */
  readonly openBrowser?: boolean;
  /** The built window. @default out/renderer */
  readonly staticDir?: string;
}

const BUILT_WINDOW = fileURLToPath(new URL("../../out/renderer", import.meta.url));

/** Opens the studio in a home folder and serves its window to browsers of this computer until `signal` fires.
 *  @throws AppError `config.invalid`, `home.locked`, `unavailable`; none for the end that was asked for. */
export async function runDaemon(options: RunDaemonOptions): Promise<void> {
  const { settings, logger, signal, spawnChild } = options;
  const staticDir = options.staticDir ?? BUILT_WINDOW;
  // A window that was never built is found before anything starts.
  await openStaticFiles(staticDir);
  await using opened = await openStudio({
    settings,
    logger,
    spawnChild,
    shell: "browser",
    signal,
    onTrouble: (error) => error && logger.warn("studio.waiting", { error }),
  });
  const served = await serveWindow({
    core: opened.studio.core,
    logger,
    staticDir,
    inboxDir: join(settings.home, "inbox"),
    ...(options.port !== undefined && { port: options.port }),
  });
  const onEnter = () => options.onStarted({ link: served.newLink() });
  const { stdin } = process;
  if (stdin.isTTY) stdin.on("data", onEnter);
  try {
    options.onStarted({ link: served.url });
    if (options.openBrowser ?? true) openInBrowser(served.newLink(), process);
    await ended(signal);
  } finally {
    if (stdin.isTTY) stdin.off("data", onEnter).pause();
    await served.close();
  }
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
