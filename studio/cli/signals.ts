import { AppError } from "#kernel/errors.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";

/** A terminal sends Ctrl-C to the launcher and to us, and the launcher passes it on: within this time the two are one.
 *  Milliseconds. */
const SAME_KEY_MS = 500;
/** What a program whose launcher was killed may take to end. Milliseconds. */
const ORPHAN_MS = 3_000;
const SIGNAL_CODES = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.interrupted,
  SIGHUP: EXIT.interrupted,
} as const;

export interface Ending extends Disposable {
  readonly signal: AbortSignal;
  /** What the program was asked to end with; `undefined` while it was not. */
  readonly code: ExitCode | undefined;
  end(code: ExitCode): void;
}

/** Listens for everything that asks this program to end: signals, and the end of its launcher. The first asks for a
 *  clean end, a second signal ends it at once. */
export function listenForEnd(): Ending {
  const controller = new AbortController();
  let code: ExitCode | undefined;
  let askedAtMs = 0;
  const end = (asked: ExitCode) => {
    if (code === undefined) {
      code = asked;
      askedAtMs = Date.now();
      controller.abort(new AppError("aborted", "Stopped."));
    } else if (Date.now() - askedAtMs > SAME_KEY_MS) process.exit(asked);
  };
  const handlers = Object.entries(SIGNAL_CODES).map(([name, asked]) => {
    const handler = () => end(asked);
    process.on(name, handler);
    return { name, handler };
  });
  const orphaned = () => {
    end(EXIT.interrupted);
    setTimeout(() => process.exit(EXIT.interrupted), ORPHAN_MS).unref();
  };
  process.on("disconnect", orphaned);
  process.channel?.unref();
  return {
    signal: controller.signal,
    get code() {
      return code;
    },
    end,
    [Symbol.dispose]() {
      for (const { name, handler } of handlers) process.off(name, handler);
      process.off("disconnect", orphaned);
    },
  };
}
