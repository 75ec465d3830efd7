import { BrowserWindow, nativeTheme, screen } from "electron";
import type { Logger } from "#kernel/logger.ts";
import { APP_PAGE } from "./app-protocol.ts";
import { MINIMUM_SIZE, placeWindow, readSavedWindow, saveWindow } from "./window-bounds.ts";

export interface MainWindowOptions {
  /** The built preload script, absolute. */
  readonly preload: string;
  /** Where size and place are remembered, absolute. */
  readonly boundsFile: string;
  readonly logger: Logger;
}

/** Opens the window; it shows itself once it has something to show. */
export function openMainWindow({ preload, boundsFile, logger }: MainWindowOptions): BrowserWindow {
  const saved = readSavedWindow(boundsFile);
  const window = new BrowserWindow({
    ...placeWindow(
      saved,
      screen.getAllDisplays().map((display) => display.workArea),
    ),
    minWidth: MINIMUM_SIZE.width,
    minHeight: MINIMUM_SIZE.height,
    title: "Platemark",
    show: false,
    backgroundColor: nativeTheme.shouldUseDarkColors ? "#141414" : "#fafafa",
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      safeDialogs: true,
      spellcheck: false,
    },
  });
  window.once("ready-to-show", () => {
    if (saved?.maximized) window.maximize();
    window.show();
  });
  window.on("close", () => {
    try {
      saveWindow(boundsFile, { ...window.getNormalBounds(), maximized: window.isMaximized() });
    } catch (error) {
      logger.warn("window.place_not_saved", { error });
    }
  });
  window.loadURL(APP_PAGE).catch((error: unknown) => logger.warn("window.load_failed", { error }));
  return window;
}
