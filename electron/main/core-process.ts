import { createPinoLogger } from "../../server/adapters/log/pino-logger.ts";
import { openStudio } from "../../studio/embedded.ts";
import { serveParent } from "./serve-parent.ts";

/** The studio's core in a utility process of the desktop program. */
serveParent(async (settings, context) => {
  const logger = createPinoLogger({ level: settings.logLevel }).child({ process: "core" });
  const opened = await openStudio({ settings, logger, shell: "desktop", ...context });
  return {
    core: opened.studio.core,
    onSystemEvent: (event) => logger.info("system.changed", { event }),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
});
