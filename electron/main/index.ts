import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { app, dialog, protocol } from "electron";
import type { Settings } from "#contracts/settings.ts";
import { AppError } from "#kernel/errors.ts";
import { createPinoLogger } from "../../server/adapters/log/pino-logger.ts";
import { readSettings } from "../../studio/read-settings.ts";
import { APP_SCHEME } from "./app-protocol.ts";
import { runDesktop } from "./desktop.ts";

// Nothing here waits at the top level: `ready` comes only after this module has been evaluated.
protocol.registerSchemesAsPrivileged([
  { scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
]);

try {
  start(readSettings({ flags: {}, environment: process.env }));
} catch (error) {
  dialog.showErrorBox("Platemark cannot start", AppError.from(error).message);
  app.exit(3);
}

function start(settings: Settings): void {
  // Nothing is written outside the home folder, Chromium's own files included. The lock is one for each home folder.
  const userData = join(settings.home, "window");
  mkdirSync(userData, { recursive: true, mode: 0o700 });
  app.setPath("userData", userData);
  const logger = createPinoLogger({ level: settings.logLevel }).child({ process: "main" });
  if (app.requestSingleInstanceLock())
    void app.whenReady().then(() => runDesktop({ settings, logger, bundles: import.meta.dirname }));
  else app.quit();
}
