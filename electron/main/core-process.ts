import { AppError } from "#kernel/errors.ts";
import { createPinoLogger } from "../../server/adapters/log/pino-logger.ts";
import { openStudio } from "../../studio/embedded.ts";
import { serveParent } from "./serve-parent.ts";

/** The studio's core in a utility process of the desktop program. */
serveParent(async (settings, { spawnChild, signal, onTrouble }) => {
  const logger = createPinoLogger({ level: settings.logLevel }).child({ process: "core" });
  const opened = await openStudio({
    settings,
    logger,
    spawnChild,
    shell: "desktop",
    signal,
    onTrouble,
    // An import on the command line ends some time; the window says so meanwhile, and opens then.
    waitForHome: true,
    onHomeWait: (pid) =>
      onTrouble(
        new AppError(
          "home.locked",
          `Another Platemark (process ${pid ?? "unknown"}) is at work in ${settings.home}. This window opens when it is done.`,
          { retry: "backoff" },
        ),
      ),
  });
  return {
    core: opened.studio.core,
    onSystemEvent: (event) => logger.info("system.changed", { event }),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
});
