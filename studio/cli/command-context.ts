import { join } from "node:path";
import type { Settings } from "#contracts/settings.ts";
import type { Logger } from "#kernel/logger.ts";
import { createPinoLogger } from "../../server/adapters/log/pino-logger.ts";
import { createForkChild } from "../fork-child.ts";
import type { SpawnChild } from "../ports/child-process.ts";
import type { ExitCode } from "./exit-codes.ts";
import type { Output } from "./output.ts";

/** What every command gets. */
export interface CommandContext {
  readonly output: Output;
  /** Fires on Ctrl-C, SIGTERM, a broken pipe, and when the launcher has gone. */
  readonly signal: AbortSignal;
  /** Sets what the program ends with. */
  readonly end: (code: ExitCode) => void;
}

export function loggerOf(settings: Settings): Logger {
  return createPinoLogger({ level: settings.logLevel });
}

export function childrenOf(settings: Settings): SpawnChild {
  return createForkChild(join(settings.home, "tmp"));
}
