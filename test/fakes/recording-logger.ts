import type { LogFields, Logger } from "#kernel/logger.ts";

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly event: string;
  /** With the fields of every parent. */
  readonly fields: LogFields;
}

/** Keeps every line, its children's as well. */
export class RecordingLogger implements Logger {
  readonly lines: LogLine[];
  readonly #bound: LogFields;

  constructor(bound: LogFields = {}, lines: LogLine[] = []) {
    this.#bound = bound;
    this.lines = lines;
  }

  debug(event: string, fields?: LogFields): void {
    this.#add("debug", event, fields);
  }
  info(event: string, fields?: LogFields): void {
    this.#add("info", event, fields);
  }
  warn(event: string, fields?: LogFields): void {
    this.#add("warn", event, fields);
  }
  error(event: string, fields?: LogFields): void {
    this.#add("error", event, fields);
  }

  child(fields: LogFields): RecordingLogger {
    return new RecordingLogger({ ...this.#bound, ...fields }, this.lines);
  }

  /** The lines of one event, in order. */
  of(event: string): readonly LogLine[] {
    return this.lines.filter((line) => line.event === event);
  }

  /** Everything logged as one text, for tests that look for secrets in it. */
  get text(): string {
    return this.lines.map((line) => JSON.stringify(line)).join("\n");
  }

  #add(level: LogLine["level"], event: string, fields: LogFields = {}): void {
    this.lines.push({ level, event, fields: { ...this.#bound, ...fields } });
  }
}
