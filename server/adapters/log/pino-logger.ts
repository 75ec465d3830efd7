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
  /** Kept here and not in a child of pino's, which would write a field twice when a line names it, too. */
  readonly #bound: LogFields;

  constructor(logger: Pino, bound: LogFields = {}) {
    this.#pino = logger;
    this.#bound = bound;
  }

  debug(event: string, fields?: LogFields): void {
    this.#write("debug", event, fields);
  }
  info(event: string, fields?: LogFields): void {
    this.#write("info", event, fields);
  }
  warn(event: string, fields?: LogFields): void {
    this.#write("warn", event, fields);
  }
  error(event: string, fields?: LogFields): void {
    this.#write("error", event, fields);
  }
  child(fields: LogFields): Logger {
    return new PinoLogger(this.#pino, { ...this.#bound, ...redactFields(fields) });
  }

  #write(level: "debug" | "info" | "warn" | "error", event: string, fields: LogFields = {}): void {
    if (this.#pino.isLevelEnabled(level))
      this.#pino[level]({ ...this.#bound, ...redactFields(fields) }, event);
  }
}
