import { type DestinationStream, destination, type Logger as Pino, pino } from "pino";
import type { LogFields, Logger } from "#kernel/logger.ts";
import { redactFields } from "./redact.ts";

export interface PinoLoggerOptions {
  readonly level: "debug" | "info" | "warn" | "error" | "silent";
  /** @default standard error, so that standard output stays the program's answer */
  readonly stream?: DestinationStream;
}

/** Structured log lines as JSON, secrets taken out before pino sees them. */
export function createPinoLogger(options: PinoLoggerOptions): Logger {
  const stream = options.stream ?? destination({ fd: 2, sync: true });
  return new PinoLogger(
    pino(
      { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime, messageKey: "event" },
      stream,
    ),
  );
}

class PinoLogger implements Logger {
  readonly #pino: Pino;

  constructor(logger: Pino) {
    this.#pino = logger;
  }

  debug(event: string, fields: LogFields = {}): void {
    if (this.#pino.isLevelEnabled("debug")) this.#pino.debug(redactFields(fields), event);
  }
  info(event: string, fields: LogFields = {}): void {
    if (this.#pino.isLevelEnabled("info")) this.#pino.info(redactFields(fields), event);
  }
  warn(event: string, fields: LogFields = {}): void {
    if (this.#pino.isLevelEnabled("warn")) this.#pino.warn(redactFields(fields), event);
  }
  error(event: string, fields: LogFields = {}): void {
    if (this.#pino.isLevelEnabled("error")) this.#pino.error(redactFields(fields), event);
  }
  child(fields: LogFields): Logger {
    return new PinoLogger(this.#pino.child(redactFields(fields)));
  }
}
