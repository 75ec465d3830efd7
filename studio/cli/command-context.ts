import { join } from "node:path";
import type { Settings } from "#contracts/settings.ts";
import type { Logger } from "#kernel/logger.ts";
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

/** What the program says of its work, on standard error. Commands load what they run with, so that `--help` and wrong
 *  commands are answered at once. */
export async function loggerOf(settings: Settings): Promise<Logger> {
  const { createPinoLogger } = await import("../../server/adapters/log/pino-logger.ts");
  return createPinoLogger({ level: settings.logLevel });
}

export async function childrenOf(settings: Settings): Promise<SpawnChild> {
  const { createForkChild } = await import("../fork-child.ts");
  return createForkChild(join(settings.home, "tmp"));
}
