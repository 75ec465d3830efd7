import { join } from "node:path";
import {
  app,
  BrowserWindow,
  dialog,
  Menu,
  type MessagePortMain,
  net,
  powerMonitor,
  protocol,
  session,
  shell,
  type WebContents,
} from "electron";
import type { Settings } from "#contracts/settings.ts";
import { systemClock } from "#kernel/clock.ts";
import type { Logger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { APP_SCHEME, createAppProtocol } from "./app-protocol.ts";
import { menuTemplate } from "./application-menu.ts";
import { CoreSupervisor } from "./core-supervisor.ts";
import { EventForwarder } from "./event-forwarder.ts";
import { serveIpc } from "./ipc-server.ts";
import { openMainWindow } from "./main-window.ts";
import { watchSystem } from "./system-events.ts";
import { forkChild, forkCore } from "./utility-processes.ts";
import { guardWindows } from "./window-guards.ts";

export interface DesktopDeps {
  readonly settings: Settings;
  readonly logger: Logger;
  /** The folder of the main process's bundles; preload and window are beside it. */
  readonly bundles: string;
}

/** Puts the desktop program together, once Electron is ready. */
export function runDesktop({ settings, logger, bundles }: DesktopDeps): void {
  const forwarder = new EventForwarder({
    clock: systemClock,
    targets: () => BrowserWindow.getAllWindows().map((window) => window.webContents),
  });
  const core = new CoreSupervisor<MessagePortMain>({
    forkCore: () => forkCore(bundles),
    forkChild: (entry) => forkChild({ folder: bundles, tempFolder: join(settings.home, "tmp") }, entry),
    settings,
    clock: systemClock,
    random: systemRandom,
    logger,
    onEvent: ({ event, payload }) => forwarder.push(event, payload),
    onConnection: (connected) => forwarder.push("connection.changed", { connected }),
  });

  guardWindows({ app, session: session.defaultSession, shell, logger });
  protocol.handle(
    APP_SCHEME,
    createAppProtocol({
      windowFolder: join(bundles, "../renderer"),
      asset: (path, signal) => core.asset(path, signal),
      logger,
    }),
  );
  serveIpc({
    call: (channel, request, signal) => core.call(channel, request, signal),
    chooseFolder: async (asking) => ({ path: await chooseFolder(asking) }),
    isOurs: (contents) => BrowserWindow.fromWebContents(contents) !== null,
    logger,
  });
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(process.platform)));
  watchSystem(
    {
      power: {
        on: (event, listener) =>
          event === "suspend" ? powerMonitor.on("suspend", listener) : powerMonitor.on("resume", listener),
      },
      isOnline: () => net.isOnline(),
      every: (ms, look) => void setInterval(look, ms).unref(),
    },
    (event) => core.tell(event),
  );
  core.start();

  const openWindow = () => {
    const window = openMainWindow({
      preload: join(bundles, "../preload/index.cjs"),
      boundsFile: join(settings.home, "window.json"),
      logger,
    });
    window.webContents.on("did-finish-load", () =>
      forwarder.push("connection.changed", { connected: core.connected }),
    );
  };
  openWindow();
  app.on("activate", () => {
    if (BrowserWindow.getAllWindows().length === 0) openWindow();
  });
  app.on("second-instance", () => {
    const [window] = BrowserWindow.getAllWindows();
    if (!window) return openWindow();
    if (window.isMinimized()) window.restore();
    window.focus();
  });
  app.on("window-all-closed", () => {
    if (process.platform !== "darwin") app.quit();
  });

  // The windows have closed; what is under way is written down by the core, and goes on at the next start.
  let closed = false;
  app.on("will-quit", (event) => {
    if (closed) return;
    event.preventDefault();
    void core.close().finally(() => {
      closed = true;
      app.quit();
    });
  });
}

async function chooseFolder(asking: WebContents): Promise<string | null> {
  const window = BrowserWindow.fromWebContents(asking);
  if (!window) return null;
  const { filePaths } = await dialog.showOpenDialog(window, {
    title: "Choose a folder of pictures",
    properties: ["openDirectory"],
  });
  return filePaths[0] ?? null;
}
